/**
 * What of other people's is in the bundle: the packages by what esbuild read, and the two files of
 * `dist` that list them, for people (THIRD-PARTY.txt) and for machines (CycloneDX). Reads
 * node_modules and the lockfile; the same text on every machine.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly description?: string
}

export interface BundledPackage extends Manifest {
  /** The text of its licence file. */
  readonly notice: string
  /** Of the tarball that was installed: SHA-512, in hex. */
  readonly sha512: string
}

export const readManifest = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))

/** Every package that one of these files is of, sorted by name. */
export async function readPackages(
  root: string,
  inputs: ReadonlySet<string>,
): Promise<readonly BundledPackage[]> {
  const names = new Set<string>()
  for (const input of inputs) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]
    if (name !== undefined) names.add(name)
  }
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly integrity?: string }>>
  }
  return Promise.all(
    [...names].sort().map(async (name) => {
      const path = `node_modules/${name}`
      const folder = join(root, path)
      const [, sha512] = /^sha512-(\S+)$/.exec(packages[path]?.integrity ?? '') ?? []
      if (sha512 === undefined) throw new Error(`the lockfile has no SHA-512 of ${name}`)
      const notice = await readNotice(name, folder)
      const manifest = await readManifest(folder)
      return { ...manifest, notice, sha512: Buffer.from(sha512, 'base64').toString('hex') }
    }),
  )
}

async function readNotice(name: string, folder: string): Promise<string> {
  for (const file of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license.md', 'license']) {
    const text = await readFile(join(folder, file), 'utf8').catch(() => undefined)
    if (text !== undefined) return text.replaceAll('\r\n', '\n').trim()
  }
  throw new Error(`${name} has no licence file to take notice of`)
}

export function writeNotices(packages: readonly BundledPackage[]): string {
  const notices = packages.map(
    ({ name, version, license, notice }) =>
      `\n${'-'.repeat(72)}\n${name} ${version} (${license})\n\n${notice}\n`,
  )
  return `The file action.js contains code of these packages.\n${notices.join('')}`
}

/** @see https://cyclonedx.org/docs/1.6/json/ */
export function writeSbom(
  { name, version, license }: Manifest,
  action: string,
  packages: readonly BundledPackage[],
): string {
  const sha256 = createHash('sha256').update(action).digest('hex')
  const bundle = purl(name, version)
  const parts = packages.map((one) => ({
    type: 'library',
    'bom-ref': purl(one.name, one.version),
    name: one.name,
    version: one.version,
    hashes: [{ alg: 'SHA-512', content: one.sha512 }],
    licenses: [{ license: { id: one.license } }],
    purl: purl(one.name, one.version),
  }))
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${asUuid(sha256)}`,
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': bundle,
        name,
        version,
        hashes: [{ alg: 'SHA-256', content: sha256 }],
        licenses: [{ license: { id: license } }],
        purl: bundle,
      },
    },
    components: parts,
    dependencies: [{ ref: bundle, dependsOn: parts.map((part) => part.purl) }],
  }
  return `${JSON.stringify(bom, null, 2)}\n`
}

/** @see https://github.com/package-url/purl-spec */
const purl = (name: string, version: string): string =>
  `pkg:npm/${name.replace('@', '%40')}@${version}`

/** Of these bytes rather than of chance (RFC 9562, section 5.8): the same bundle, the same serial number. */
function asUuid(hex: string): string {
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  const bytes = `${hex.slice(0, 12)}8${hex.slice(13, 16)}${variant}${hex.slice(17, 32)}`
  return bytes.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
