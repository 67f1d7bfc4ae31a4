/**
 * `dist/THIRD-PARTY.txt` and `dist/action.cdx.json` against what is bundled. Which packages those are is found out here in another
 * way than the build's: by what esbuild reports of one plain bundle of the sources. Reads files only.
 */

import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { build, type Metafile } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'
import { ACTION, ROOT, readProject } from './dist.ts'

const NOTICES = readProject('dist/THIRD-PARTY.txt')
const RULE = `\n${'-'.repeat(72)}\n`

/** `package` and the folder that it was read from, for every file that gives at least one byte. */
function packagesIn({ outputs }: Metafile): ReadonlyMap<string, string> {
  const packages = new Map<string, string>()
  for (const { inputs } of Object.values(outputs))
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]
      const name = folder?.split('node_modules/').at(-1)
      if (bytesInOutput > 0 && folder !== undefined && name !== undefined)
        packages.set(name, folder)
    }
  return packages
}

/** One bundle of what is imported and exported by name: only what is used gives bytes. */
async function bundledPackages(): Promise<ReadonlyMap<string, string>> {
  const { metafile } = await build({
    stdin: {
      contents: `export * from './src/action.ts'
        export * from './src/pipelines.ts'
        export * from './src/libraries.ts'`,
      resolveDir: ROOT,
      loader: 'ts',
    },
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    minify: true,
    // What is imported lazily is among the exports above, without what nobody uses of it; and `ms`
    // is left out of the bundle, as nothing calls it.
    external: ['./pipelines.ts', './libraries.ts', 'ms'],
    logLevel: 'silent',
  })
  return packagesIn(metafile)
}

let packages: ReadonlyMap<string, string> = new Map()

beforeAll(async () => {
  packages = await bundledPackages()
})

describe('the notices', () => {
  const sections = NOTICES.split(RULE).slice(1)
  const titleOf = (section: string): string => section.split('\n', 1)[0] ?? ''

  it('name every package that is bundled, and no other', () => {
    expect(packages.size).toBeGreaterThan(0)
    const named = sections.map((section) => titleOf(section).replace(/ [^ ]+ \(.*$/, ''))
    expect(named).toEqual([...packages.keys()].sort())
  })

  it('give the version and the licence that each package states', () => {
    const stated = [...packages].map(([name, folder]) => {
      const { version, license } = JSON.parse(readProject(`${folder}/package.json`))
      return `${name} ${version} (${license})`
    })
    expect(sections.map(titleOf)).toEqual(stated.sort())
  })

  it('hold the text of each licence whole', () => {
    for (const [name, folder] of packages) {
      const file = readdirSync(`${ROOT}/${folder}`).find((one) => /^licen[cs]e(\.|$)/i.test(one))
      expect(file, `${name} has a licence file`).toBeDefined()
      const words = (text: string): string => text.split(/\s+/).filter(Boolean).join(' ')
      const section = sections.find((one) => titleOf(one).startsWith(`${name} `)) ?? ''
      expect(words(section)).toContain(words(readProject(`${folder}/${file}`)))
      expect(section).toMatch(/Copyright \(c\)/i)
    }
  })
})

describe('the bill of materials', () => {
  const bom = JSON.parse(readProject('dist/action.cdx.json'))
  const lock = JSON.parse(readProject('package-lock.json'))

  it('is of this bundle, by its digest', () => {
    const { name, version, license } = JSON.parse(readProject('package.json'))
    const content = createHash('sha256').update(ACTION).digest('hex')
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 })
    expect(bom.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(bom.metadata.component).toEqual({
      type: 'application',
      'bom-ref': `pkg:npm/${name}@${version}`,
      name,
      version,
      hashes: [{ alg: 'SHA-256', content }],
      licenses: [{ license: { id: license } }],
      purl: `pkg:npm/${name}@${version}`,
    })
  })

  it('lists every package that is bundled, as the lockfile has it, and no other', () => {
    const stated = [...packages].map(([name, folder]) => {
      const { version, license } = JSON.parse(readProject(`${folder}/package.json`))
      const sha512 = Buffer.from(lock.packages[folder].integrity.slice('sha512-'.length), 'base64')
      const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
      return {
        type: 'library',
        'bom-ref': purl,
        name,
        version,
        hashes: [{ alg: 'SHA-512', content: sha512.toString('hex') }],
        licenses: [{ license: { id: license } }],
        purl,
      }
    })
    const byName = (one: { readonly name: string }, other: { readonly name: string }) =>
      one.name < other.name ? -1 : 1
    expect(bom.components).toEqual(stated.sort(byName))
    const refs = stated.map((one) => one['bom-ref'])
    expect(bom.dependencies).toEqual([
      { ref: bom.metadata.component['bom-ref'], dependsOn: refs.sort() },
    ])
  })
})
