/**
 * The platform-free core of `debug`, which its types leave out: it reads no environment, knows no
 * terminal and writes nothing by itself.
 */
declare module 'debug/src/common.js' {
  interface Debugger {
    (line: string): void
    readonly enabled: boolean
    readonly namespace: string
  }
  interface Environment {
    readonly colors: readonly number[]
    load(): string
    save(): void
    useColors(): boolean
    formatArgs(this: Debugger, args: [string, ...unknown[]]): void
    log(line: string): void
  }
  export default function setup(environment: Environment): (namespace: string) => Debugger
}
