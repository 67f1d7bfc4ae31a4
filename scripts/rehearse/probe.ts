/**
 * The probe: a second Action, of a few lines, that writes what its events hold into a claim of the ID
 * token, or does what the request tells it to. It acts on the rehearsal's own two applications alone.
 * Personal values, and what must not be told, it gives as keyed hashes. Text and types; no I/O.
 */
import { createHmac } from 'node:crypto'

const PROBE_CLAIM = 'https://cial-rehearsal.example.com/probe'
export const START_CLAIM = `${PROBE_CLAIM}/start`
export const BACK_CLAIM = `${PROBE_CLAIM}/back`

/** With what a denial of the probe begins. */
export const PROBE_DENIAL = 'cial-rehearsal: '

/** A parameter of the request tells the probe what to do: names with values, in query form. */
export const ASK = 'cial_rehearsal'

/** What one run of the probe saw. Hashes are keyed by the run's own secret. */
export interface Seen {
  readonly method?: string
  /** Names of parameters, and a hash of each value. */
  readonly query: Readonly<Record<string, string>>
  readonly body: readonly string[]
  readonly address?: string
  readonly agent?: string
  readonly session?: string
  readonly transaction?: string
  readonly protocol?: string
  readonly methods: readonly string[]
  /** Characters of what was kept, by its key. */
  readonly metadata: Readonly<Record<string, number>>
  readonly factors?: readonly string[]
  /** Of the hint, in characters. */
  readonly hint?: number
  readonly error?: string
  /** Whether the description is the one that the probe itself had given. */
  readonly description?: string
}

export const hashOf = (key: string, value: unknown): string =>
  createHmac('sha256', key).update(String(value)).digest('base64url').slice(0, 16)

export const probeCode = (
  run: string,
): string => `// Rehearsal ${run} of account linking: a probe. \
It may be deleted at any time (npm run rehearse -- --clean).
const { createHmac } = require('node:crypto')

const DENIAL = '${PROBE_DENIAL}'

function see(event) {
  const hash = (value) =>
    createHmac('sha256', event.secrets.PROBE_KEY).update(String(value)).digest('base64url').slice(0, 16)
  const some = (value) => (value === undefined ? undefined : hash(value))
  const { request = {}, session = {}, transaction = {}, user = {} } = event
  const query = request.query || {}
  const hashes = Object.entries(query).map(([name, value]) => [name, hash(value)])
  const kept = Object.entries(transaction.metadata || {}).map(([key, value]) => [key, String(value).length])
  return {
    method: request.method,
    query: Object.fromEntries(hashes),
    body: Object.keys(request.body || {}),
    address: some(request.ip),
    agent: some(request.user_agent),
    session: some(session.id),
    transaction: some(transaction.id),
    protocol: transaction.protocol,
    methods: ((event.authentication || {}).methods || []).map(({ name }) => name),
    metadata: Object.fromEntries(kept),
    factors: (user.enrolledFactors || []).map(({ type }) => type),
    hint: query.id_token_hint === undefined ? undefined : String(query.id_token_hint).length,
    error: query.error,
    description: query.error_description,
  }
}

const asked = (event) => new URLSearchParams(((event.request || {}).query || {}).${ASK} || '')
const isOurs = (event) => event.secrets.CLIENTS.split(' ').includes(event.client.client_id)

exports.onExecutePostLogin = async (event, api) => {
  if (!isOurs(event)) return
  const ask = asked(event)
  const denial = Number(ask.get('deny') || 0)
  if (denial > 0) {
    api.access.deny(DENIAL.padEnd(denial, 'x'))
    return
  }
  const factors = event.user.enrolledFactors || []
  if (ask.get('mfa') && factors.length > 0)
    api.authentication.challengeWithAny(factors.map(({ type }) => ({ type })))
  const start = see(event)
  api.idToken.setCustomClaim('${START_CLAIM}', start)
  if (!ask.get('nested')) return
  api.transaction.setMetadata('${ASK}_start', JSON.stringify(start))
  if (ask.get('back')) api.transaction.setMetadata('${ASK}_mode', ask.get('back'))
  const size = Number(ask.get('metadata') || 0)
  if (size > 0) api.transaction.setMetadata('${ASK}_long', 'm'.repeat(size))
  const host = event.request.hostname || event.secrets.DOMAIN
  api.redirect.sendUserTo('https://' + host + '/authorize?' + ask.get('nested'))
}

exports.onContinuePostLogin = async (event, api) => {
  if (!isOurs(event)) return
  const { metadata = {} } = event.transaction || {}
  if (metadata.${ASK}_mode === 'deny') {
    api.access.deny(DENIAL + 'the way back was run')
    return
  }
  api.idToken.setCustomClaim('${BACK_CLAIM}', see(event))
  // In case what was set before the redirect is gone.
  const start = metadata.${ASK}_start
  if (start) api.idToken.setCustomClaim('${START_CLAIM}', JSON.parse(start))
}
`
