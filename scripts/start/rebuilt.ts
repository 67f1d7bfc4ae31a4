/** What the rebuilding of the Action tells of an edit. Types only: they hold without the builder too. */

export type Rebuilt =
  | {
      readonly type: 'built'
      readonly code: string
      readonly durationMs: number
      readonly file: string
    }
  | { readonly type: 'failed'; readonly why: string; readonly file: string }

export interface Rebuilder {
  close(): Promise<void>
}
