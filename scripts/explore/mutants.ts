/**
 * The Action with one check taken out: a change of the list of `npm run mutate`, made while esbuild reads the
 * source. Gives back the bundle's text; reads the sources and writes nothing.
 */
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Plugin } from 'esbuild'
import { minify } from 'terser'
import { bundleAction } from '../bundle.ts'
import { ROOT } from '../home.ts'
import { MUTATIONS, type Mutation } from '../mutate/mutations.ts'

const SRC = join(ROOT, 'src')

export async function bundleWithout(name: string): Promise<string> {
  const mutation = MUTATIONS.find((one) => one.name === name)
  if (mutation === undefined) throw new Error(`no mutation is named "${name}"`)
  const changed = { times: 0 }
  const text = await bundleAction(ROOT, undefined, [breaking(mutation, changed)])
  if (changed.times === 0) throw new Error(`"${name}": its text is no longer found`)
  const { code } = await minify(text, { compress: false, mangle: true, toplevel: true })
  return code ?? text
}

function breaking({ file, find, replace }: Mutation, changed: { times: number }): Plugin {
  return {
    name: 'without-a-check',
    setup(setup) {
      setup.onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path }) => {
        if (relative(SRC, path) !== join(file)) return undefined
        const text = await readFile(path, 'utf8')
        if (text.includes(find)) changed.times++
        return { contents: text.replaceAll(find, () => replace), loader: 'ts' }
      })
    },
  }
}
