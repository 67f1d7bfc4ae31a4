/** Edits of a copy of the sources: deployed into the running tenant, and told in the inspector. */

import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { bundleAction } from '../../scripts/bundle.ts'
import { isDenied, logIn, openDesk, ROOT, set } from './desk.ts'

const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function copySources(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'account-linking-'))
  folders.push(folder)
  await cp(join(ROOT, 'src'), join(folder, 'src'), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

async function edit(folder: string, file: string, from: string, to: string): Promise<void> {
  const path = join(folder, 'src', file)
  const text = await readFile(path, 'utf8')
  if (!text.includes(from)) throw new Error(`${file} does not say ${from}`)
  await writeFile(path, text.replace(from, to))
}

const SENTENCE = 'The second login was cancelled or refused.'

test('an edit is deployed within a second, and the next flow runs it', async () => {
  const root = await copySources()
  const { app, inspector, lab } = await openDesk({ root })
  await logIn(app)
  const buildsAtMs = Date.now()
  await bundleAction(root)
  const editedAtMs = Date.now()
  await edit(root, 'outcome.ts', SENTENCE, 'The second login was given up.')
  const told = inspector.getByRole('status').filter({ hasText: 'src/outcome.ts changed' })
  await told.waitFor()
  const tookMs = Date.now() - editedAtMs

  await app.bringToFront()
  await app.getByRole('button', { name: 'Link Google' }).click()
  await app.getByRole('button', { name: 'Cancel' }).click()
  await isDenied(app, 'link_cancelled')

  expect(await told.textContent()).toMatch(/^Version 2, [\d,]+ bytes: .* deployed in [\d.]+ ms$/)
  // A build takes a fifth of a second, on a busy machine more.
  expect(tookMs).toBeLessThan(1_000 + 3 * (editedAtMs - buildsAtMs))
  // The application has its own words for it; what the Action said came back in the URL.
  const denied = lab.tenant.requests().find(({ location }) => location?.includes('link_cancelled'))
  expect(new URL(denied?.location ?? '').searchParams.get('error_description')).toBe(
    'link_cancelled: The second login was given up.',
  )
})

test('sources that do not build are told, and the version before runs on', async () => {
  const root = await copySources()
  const { app, inspector } = await openDesk({ root })
  await logIn(app)
  await edit(root, 'outcome.ts', 'export const MESSAGES', 'export const const MESSAGES')
  const told = inspector.getByRole('status').filter({ hasText: 'Version 1 runs on' })
  await told.waitFor()

  await app.bringToFront()
  await app.getByRole('button', { name: 'Link Google' }).click()
  await app.getByRole('button', { name: 'Cancel' }).click()
  await isDenied(app, 'link_cancelled')

  expect(await told.textContent()).toMatch(/src\/outcome\.ts:\d+:\d+: /)
})

test('a change of the settings does not hide that the sources do not build, until they do', async () => {
  const root = await copySources()
  const { inspector } = await openDesk({ root })
  const status = inspector.locator('#deployment')
  await edit(root, 'outcome.ts', 'export const MESSAGES', 'export const const MESSAGES')
  await status.getByText('Version 1 runs on').waitFor()

  await set(inspector, 'ALLOW_MERGE', true)

  expect(await status.textContent()).toMatch(
    /^Version 2 runs on, ALLOW_MERGE changed: the sources do not build, src\/outcome\.ts:\d+:\d+: /,
  )
  expect(await status.getAttribute('class')).toBe('bad')

  await edit(root, 'outcome.ts', 'export const const MESSAGES', 'export const MESSAGES')
  await status.getByText(/^Version 3, [\d,]+ bytes: src\/outcome\.ts changed/).waitFor()
  expect(await status.getAttribute('class')).not.toBe('bad')
})
