/**
 * The file that is deployed, looked at from outside: form, size, words and what it may ask for. Reads
 * `dist` and lets esbuild parse it; runs nothing of it.
 */

import { readdirSync } from 'node:fs'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { MAX_BUNDLE_BYTES } from '../../scripts/bundle.ts'
import { ACTION, DIST_FILES, ROOT, readProject } from './dist.ts'

/** Every module that esbuild finds imported, in whatever way, with nothing followed. */
async function parseImports(): Promise<readonly { kind: string; path: string }[]> {
  const imports: { kind: string; path: string }[] = []
  await build({
    stdin: { contents: ACTION, loader: 'js' },
    bundle: true,
    write: false,
    format: 'cjs',
    logLevel: 'silent',
    plugins: [
      {
        name: 'list-imports',
        setup(setup) {
          setup.onResolve({ filter: /./ }, ({ kind, path }) => {
            if (kind === 'entry-point') return undefined
            imports.push({ kind, path })
            return { path, external: true }
          })
        },
      },
    ],
  })
  return imports
}

describe('the artifact', () => {
  it('is tested on Node 22, the runtime of Actions', () => {
    expect(process.versions.node).toMatch(/^22\./)
  })

  it('is one file, with its module type and the notices beside it', () => {
    expect(readdirSync(`${ROOT}/dist`).sort()).toEqual([...DIST_FILES])
    expect(JSON.parse(readProject('dist/package.json'))).toEqual({ type: 'commonjs' })
  })

  it('fits into an Action', () => {
    expect(MAX_BUNDLE_BYTES).toBe(99_500)
    expect(Buffer.byteLength(ACTION)).toBeLessThanOrEqual(99_500)
  })

  it('is printable ASCII and line ends', () => {
    expect(/[^\x20-\x7e\n\t]/.exec(ACTION)).toBeNull()
  })

  it('opens with its name, its version and what it is, and names no address', () => {
    const { name, version, description } = JSON.parse(readProject('package.json'))
    const [banner = ''] = ACTION.split('\n', 1)
    expect(banner).toMatch(/^\/\*! .* \*\/$/)
    expect(banner).toContain(`${name} ${version} `)
    expect(banner).toContain(description)
    expect(banner).not.toMatch(/https?:|www\.|@/)
  })

  it('is minified: a handful of lines, and no comment but the banner', () => {
    expect(ACTION.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
    expect(ACTION.match(/\/\*!|@license|@preserve|sourceMappingURL/g)).toEqual(['/*!'])
  })

  it('requires modules of Node by their `node:` names, and nothing else', async () => {
    const imports = await parseImports()
    expect(imports.length).toBeGreaterThan(0)
    expect(imports.filter(({ kind }) => kind !== 'require-call')).toEqual([])
    expect(imports.map(({ path }) => path).filter((path) => !path.startsWith('node:'))).toEqual([])
    // No other use of `require`: an alias or a computed name would not be among the imports.
    expect(ACTION.match(/\brequire\b/g)).toHaveLength(
      ACTION.match(/\brequire\("node:[a-z/_]+"\)/g)?.length ?? 0,
    )
  })

  it.each(['import(', 'import.meta', '__filename', '__dirname', 'module.id', 'eval('])(
    'has no %s left',
    (word) => {
      expect(ACTION.includes(word)).toBe(false)
    },
  )

  it('has the helper for async functions once, which each file of `auth0` brings', () => {
    expect(ACTION.match(/\.throw\(/g)).toHaveLength(1)
  })

  it('says nothing of the machine that built it', () => {
    expect(ACTION).not.toContain('node_modules')
    expect(ACTION).not.toContain(ROOT)
  })
})
