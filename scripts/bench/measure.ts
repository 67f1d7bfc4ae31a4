/**
 * The measurements: which process does what in which order. Every round measures each Action once, so that
 * whatever slows the machine for a while slows both. Gives back samples, not yet summed up.
 */

import { stat } from 'node:fs/promises'
import { openSite, type Site } from './site.ts'
import { type Subject, startWorker, type Worker, withWorker } from './worker.ts'

/** What one Action has shown, one value a sample. */
export interface Samples {
  readonly bytes: number
  readonly dependencies: readonly string[]
  /** Times in milliseconds, round trips as they are. */
  readonly values: Readonly<Record<Metric, readonly number[]>>
}

const METRICS = [
  'loadMs',
  'loadAndLoginMs',
  'warmLoginMs',
  'warmRefreshMs',
  'firstLinkMs',
  'coldLinkMs',
  'warmLinkMs',
  'coldLinkFarMs',
  'warmLinkFarMs',
  'coldBackFarMs',
  'coldStartTrips',
  'warmStartTrips',
  'coldBackTrips',
  'warmBackTrips',
] as const

export type Metric = (typeof METRICS)[number]

export interface Plan {
  readonly samples: number
  /** Ordinary logins that make one sample in a warm instance. */
  readonly loginsPerSample: number
  /** Milliseconds of a round trip to a tenant that is far. */
  readonly farMs: number
}

/** Links and batches of logins that a process makes before it is measured. */
const WARM_UP_LINKS = 5
const WARM_UP_BATCHES = 5

interface Measured {
  readonly subject: Subject
  bytes: number
  dependencies: readonly string[]
  readonly values: Record<Metric, number[]>
}

interface Link {
  readonly tookMs: number
  /** The way back's part of it. */
  readonly backMs: number
  readonly startTrips: number
  readonly backTrips: number
}

/** One whole link: what the Action itself takes for it, without the user and the nested login. */
async function link(worker: Worker, site: Site, cache: 'cold' | 'warm'): Promise<Link> {
  const hint = await site.signHint()
  site.takeRoundTrips()
  const started = await worker.ask<'start'>({ kind: 'start', hint, cache })
  const startTrips = site.takeRoundTrips()
  const code = site.authorize(started.url, started.claims)
  const finished = await worker.ask<'finish'>({ kind: 'finish', code })
  const backTrips = site.takeRoundTrips()
  if (!(await site.takeLink())) throw new Error('the way back ends without a link')
  const backMs = finished.tookMs
  return { tookMs: started.tookMs + backMs, backMs, startTrips, backTrips }
}

async function connect(worker: Worker, { port, certificatePem }: Site): Promise<void> {
  await worker.ask<'connect'>({ kind: 'connect', port, certificatePem })
}

/** A fresh process each: load, then the first ordinary login. */
async function measureFirstLogin(measured: Measured): Promise<void> {
  const { file } = measured.subject
  const { values } = measured
  await withWorker(measured.subject, async (worker) => {
    const { tookMs, dependencies } = await worker.ask<'load'>({ kind: 'load', file })
    const login = await worker.ask<'login'>({ kind: 'login', what: 'login', count: 1 })
    measured.dependencies = dependencies
    values.loadMs.push(tookMs)
    values.loadAndLoginMs.push(tookMs + login.tookMs)
  })
}

/** A fresh process each: load, then a link at once. */
async function measureFirstLink({ subject, values }: Measured, site: Site): Promise<void> {
  await withWorker(subject, async (worker) => {
    await connect(worker, site)
    const { tookMs } = await worker.ask<'load'>({ kind: 'load', file: subject.file })
    values.firstLinkMs.push(tookMs + (await link(worker, site, 'cold')).tookMs)
  })
}

async function measureWarm(
  { values }: Measured,
  worker: Worker,
  count: number,
  what: 'login' | 'refresh',
): Promise<void> {
  const { tookMs } = await worker.ask<'login'>({ kind: 'login', what, count })
  values[what === 'login' ? 'warmLoginMs' : 'warmRefreshMs'].push(tookMs / count)
}

async function measureLinks(
  { values }: Measured,
  worker: Worker,
  site: Site,
  where: 'near' | 'far',
): Promise<void> {
  const cold = await link(worker, site, 'cold')
  const warm = await link(worker, site, 'warm')
  values[where === 'far' ? 'coldLinkFarMs' : 'coldLinkMs'].push(cold.tookMs)
  values[where === 'far' ? 'warmLinkFarMs' : 'warmLinkMs'].push(warm.tookMs)
  if (where === 'far') values.coldBackFarMs.push(cold.backMs)
  values.coldStartTrips.push(cold.startTrips)
  values.coldBackTrips.push(cold.backTrips)
  values.warmStartTrips.push(warm.startTrips)
  values.warmBackTrips.push(warm.backTrips)
}

/** Does the same with each Action in turn, as often as there are samples. */
async function inTurn<T>(
  samples: number,
  items: readonly T[],
  once: (item: T) => Promise<void>,
): Promise<void> {
  for (let sample = 0; sample < samples; sample++) for (const item of items) await once(item)
}

/** Runs all of it, `tell` hears what is being measured. */
export async function measure(
  subjects: readonly Subject[],
  plan: Plan,
  tell: (what: string) => void,
): Promise<readonly Samples[]> {
  const { samples, loginsPerSample, farMs } = plan
  const all = subjects.map((subject): Measured => {
    const values = Object.fromEntries(METRICS.map((metric) => [metric, [] as number[]]))
    return { subject, bytes: 0, dependencies: [], values: values as Record<Metric, number[]> }
  })
  for (const measured of all) measured.bytes = (await stat(measured.subject.file)).size

  tell('loading, and a first ordinary login')
  await inTurn(samples, all, measureFirstLogin)

  const site = await openSite()
  const workers: Worker[] = []
  try {
    tell('a first link')
    await inTurn(samples, all, (measured) => measureFirstLink(measured, site))

    const warm: { readonly measured: Measured; readonly worker: Worker }[] = []
    for (const measured of all) {
      const worker = startWorker(measured.subject)
      workers.push(worker)
      warm.push({ measured, worker })
      await worker.ask<'load'>({ kind: 'load', file: measured.subject.file })
    }
    for (const what of ['login', 'refresh'] as const) {
      tell(what === 'login' ? 'ordinary logins in a warm instance' : 'refreshes in the same')
      await inTurn(WARM_UP_BATCHES, warm, async ({ worker }) => {
        await worker.ask<'login'>({ kind: 'login', what, count: loginsPerSample })
      })
      await inTurn(samples, warm, ({ measured, worker }) =>
        measureWarm(measured, worker, loginsPerSample, what),
      )
    }

    for (const { worker } of warm) await connect(worker, site)
    await inTurn(WARM_UP_LINKS, warm, async ({ worker }) => {
      await link(worker, site, 'cold')
      await link(worker, site, 'warm')
    })
    for (const where of ['near', 'far'] as const) {
      const delayMs = where === 'far' ? farMs : 0
      tell(`links, the tenant at ${delayMs} ms a round trip`)
      site.setDelayMs(delayMs)
      await inTurn(samples, warm, ({ measured, worker }) =>
        measureLinks(measured, worker, site, where),
      )
    }
  } finally {
    for (const worker of workers) await worker.close()
    site.close()
  }
  return all.map(({ bytes, dependencies, values }) => ({ bytes, dependencies, values }))
}
