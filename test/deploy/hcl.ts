/**
 * Just enough of HashiCorp's configuration language to read the README's example: blocks with labels,
 * and attributes on one line, whose values stay text. Rejects whatever it does not understand.
 */

export interface Block {
  readonly type: string
  readonly labels: readonly string[]
  readonly values: Readonly<Record<string, string>>
  readonly blocks: readonly Block[]
}

export function readHcl(text: string): readonly Block[] {
  const lines = text.split('\n').map((line) => line.trim())
  let at = 0

  function readBody(): Pick<Block, 'values' | 'blocks'> {
    const values: Record<string, string> = {}
    const blocks: Block[] = []
    for (; at < lines.length; at += 1) {
      const line = lines[at] ?? ''
      if (line === '' || line.startsWith('#')) continue
      if (line === '}') return { values, blocks }
      const [, type, labels] = /^(\w+)((?: "[\w-]+")*) \{$/.exec(line) ?? []
      if (type !== undefined) {
        at += 1
        blocks.push({ type, labels: labels?.match(/[\w-]+/g) ?? [], ...readBody() })
        continue
      }
      const [, name, value] = /^(\w+)\s+= (.+)$/.exec(line) ?? []
      if (name === undefined || value === undefined) throw new Error(`not understood: ${line}`)
      if (name in values) throw new Error(`given twice: ${name}`)
      values[name] = value
    }
    return { values, blocks }
  }

  const { values, blocks } = readBody()
  if (at < lines.length || Object.keys(values).length > 0) throw new Error('unbalanced braces')
  return blocks
}
