import { describe, expect, it } from 'vitest'
import { readConfig, readDoctorConfig, type Variables } from '../../scripts/deploy/config.ts'
import {
  REQUIRED_SETTINGS,
  SECRET_SETTINGS,
  SETTING_NAMES,
  withoutSecrets,
} from '../../scripts/deploy/settings.ts'
import { buildEvent } from '../../scripts/testing/event.ts'
import { readSettings } from '../../src/settings.ts'
import { workFile } from './processes.ts'

const WHO: Variables = {
  AUTH0_DOMAIN: 'tenant.example.com',
  AUTH0_CLIENT_ID: 'exampleDeployerClientId000000001',
  AUTH0_CLIENT_SECRET: 'example-secret-of-the-deployer',
}

const envFile = (content: string | Buffer): string => workFile('.env', content)

describe('the configuration', () => {
  it('reads who deploys, and the settings', () => {
    const config = readConfig(['--provision', '--position', '3'], {
      ...WHO,
      LINK_ENFORCE_MFA: ' yes ',
      LINK_ALLOWED_CONNECTIONS: 'a, b',
      UNRELATED: 'x',
    })
    expect(config).toEqual({
      mode: 'deploy',
      credentials: {
        domain: 'tenant.example.com',
        clientId: 'exampleDeployerClientId000000001',
        clientSecret: 'example-secret-of-the-deployer',
      },
      settings: {
        AUTH0_DOMAIN: 'tenant.example.com',
        ENFORCE_MFA: 'yes',
        ALLOWED_CONNECTIONS: 'a, b',
      },
      actionName: 'account-linking',
      provision: true,
      dryRun: false,
      json: false,
      position: 3,
      drop: [],
      secrets: ['example-secret-of-the-deployer'],
    })
  })

  it('reads what is to be dropped, by commas or one by one, each once', () => {
    const args = ['--drop', 'ENFORCE_MFA, DEBUG', '--drop', 'PIN_SESSION,DEBUG']
    const drop = ['ENFORCE_MFA', 'DEBUG', 'PIN_SESSION']
    expect(readConfig(args, WHO)).toMatchObject({ drop })
  })

  it('prefers an access token, as auth0-deploy-cli does', () => {
    expect(readConfig([], { ...WHO, AUTH0_ACCESS_TOKEN: 'token' })).toMatchObject({
      credentials: { domain: 'tenant.example.com', token: 'token' },
      secrets: ['token'],
    })
  })

  it('reads a file, over which the environment wins', () => {
    const file = envFile(`AUTH0_DOMAIN=other.example.com
AUTH0_CLIENT_ID=id
AUTH0_CLIENT_SECRET="secret of the file"
LINK_ENFORCE_MFA=always
`)
    expect(readConfig(['--env-file', file], { AUTH0_DOMAIN: 'tenant.example.com' })).toMatchObject({
      credentials: {
        domain: 'tenant.example.com',
        clientId: 'id',
        clientSecret: 'secret of the file',
      },
      settings: { ENFORCE_MFA: 'always' },
    })
  })

  it('takes who deploys from the environment, whatever the file has besides', () => {
    const file = envFile('AUTH0_ACCESS_TOKEN=of-the-file\nAUTH0_CLIENT_SECRET=of-the-file-too\n')
    const { AUTH0_DOMAIN: domain, AUTH0_CLIENT_ID: clientId } = WHO
    const secret = WHO.AUTH0_CLIENT_SECRET
    expect(readConfig(['--env-file', file], WHO)).toMatchObject({
      credentials: { domain, clientId, clientSecret: secret },
      secrets: [secret],
    })
    const half = { AUTH0_DOMAIN: domain, AUTH0_CLIENT_ID: clientId }
    expect(readConfig(['--env-file', file], half)).toMatchObject({
      credentials: { domain, token: 'of-the-file' },
    })
  })

  it.each<[string, readonly string[], Variables, RegExp]>([
    ['nobody', [], {}, /AUTH0_DOMAIN is missing/],
    ['a domain alone', [], { AUTH0_DOMAIN: 'tenant.example.com' }, /AUTH0_ACCESS_TOKEN/],
    ['a blank secret', [], { ...WHO, AUTH0_CLIENT_SECRET: ' ' }, /No credentials/],
    ['a URL as domain', [], { ...WHO, AUTH0_DOMAIN: 'https://tenant.example.com' }, /host without/],
    ['a path in the domain', [], { ...WHO, AUTH0_DOMAIN: 'tenant.example.com/x' }, /host without/],
    ['an unknown option', ['--nope'], WHO, /--nope.*--help/],
    ['an argument', ['nope'], WHO, /takes options only: see --help/],
    ['a place that is none', ['--position', '0'], WHO, /--position takes/],
    ['a place in words', ['--position', 'middle'], WHO, /--position takes/],
    ['two things at once', ['--rollback', '--provision'], WHO, /--rollback goes with/],
    ['a rollback that drops', ['--rollback', '--drop', 'DEBUG'], WHO, /--rollback goes with/],
    ['nothing to drop', ['--drop', ''], WHO, /^--drop takes names of settings/],
    ['a value to drop', ['--drop', 'DEBUG=*'], WHO, /^--drop takes names of settings/],
    [
      'a setting that is dropped and set',
      ['--drop', 'DEBUG'],
      { ...WHO, LINK_DEBUG: '*' },
      /^--drop DEBUG is set as well, by LINK_DEBUG: leave one of them out$/,
    ],
    ['a file that is not there', ['--env-file', '/nowhere/.env'], WHO, /cannot be read/],
    [
      'a misspelled setting',
      [],
      { ...WHO, LINK_ENFORCE_MAF: 'yes' },
      /LINK_ENFORCE_MAF is no setting/,
    ],
    [
      'a value that the Action refuses',
      [],
      { ...WHO, LINK_PIN_SESSION: 'maybe' },
      /PIN_SESSION takes yes or no/,
    ],
    ['a list of nothing', [], { ...WHO, LINK_ALLOWED_CLIENT_IDS: ',' }, /ALLOWED_CLIENT_IDS takes/],
    ['an empty value', [], { ...WHO, LINK_DEBUG: '' }, /^LINK_DEBUG is empty: give it a value/],
    ['a blank value', [], { ...WHO, LINK_DEBUG: ' ' }, /^LINK_DEBUG is empty/],
    [
      'a short ACTION_SECRET',
      [],
      { ...WHO, LINK_ACTION_SECRET: 'short' },
      /ACTION_SECRET takes 32/,
    ],
    ['a value over the platform’s limit', [], { ...WHO, LINK_DEBUG: 'x'.repeat(4_097) }, /4096/],
    [
      'another domain for the Action',
      [],
      { ...WHO, LINK_AUTH0_DOMAIN: 'other.example.com' },
      /leave it out/,
    ],
  ])('refuses %s', (_, args, variables, problem) => {
    expect(readConfig(args, variables)).toEqual({ problem: expect.stringMatching(problem) })
  })

  it('never repeats a value in what it refuses', () => {
    const config = readConfig([], {
      ...WHO,
      LINK_ACTION_SECRET: 'tooshort',
      LINK_ENFORCE_MFA: 'zzz',
    })
    expect(JSON.stringify(config)).not.toMatch(/tooshort|zzz|example-secret/)
    const slipped = [
      readConfig(['a-pasted-secret'], WHO),
      readDoctorConfig(['a-pasted-secret'], WHO),
    ]
    for (const refusal of slipped) expect(JSON.stringify(refusal)).not.toContain('pasted')
  })

  it('does not bar a rollback by bad settings, and keeps their secrets hidden', () => {
    const variables = { ...WHO, LINK_ENFORCE_MFA: 'zzz', LINK_ACTION_SECRET: 'tooshort' }
    expect(readConfig(['--rollback'], variables)).toMatchObject({
      mode: 'rollback',
      settings: {},
      doubt: expect.stringContaining('cannot be understood'),
      secrets: expect.arrayContaining(['tooshort']),
    })
  })

  it('knows for a doctor no option that is a deployment’s', () => {
    expect(readDoctorConfig(['--provision'], WHO)).toEqual({
      problem: expect.stringContaining('--provision'),
    })
  })
})

describe('the settings', () => {
  it('are exactly those that the Action reads', () => {
    const read = new Set<string>()
    const noted = (_: object, name: string | symbol): undefined => {
      read.add(String(name))
    }
    readSettings({ ...buildEvent(), secrets: new Proxy({}, { get: noted }) })
    expect(SETTING_NAMES.toSorted()).toEqual([...read].toSorted())
    for (const name of SETTING_NAMES) expect(name).toMatch(/^[A-Z0-9_]+$/)
  })

  it('are told apart: required ones, and secrets', () => {
    const ids = ['AUTH0_DOMAIN', 'AUTH0_CLIENT_ID']
    expect(SECRET_SETTINGS).toEqual(['AUTH0_CLIENT_SECRET', 'ACTION_SECRET'])
    expect(REQUIRED_SETTINGS).toEqual([...ids, ...SECRET_SETTINGS])
  })

  it('are without secrets where they are kept', () => {
    expect(
      withoutSecrets({ AUTH0_CLIENT_ID: 'a', AUTH0_CLIENT_SECRET: 'b', ACTION_SECRET: 'c' }),
    ).toEqual({ AUTH0_CLIENT_ID: 'a' })
  })
})
