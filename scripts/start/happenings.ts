/**
 * What happens in everything that `npm start` opens, told to whoever listens: the one thing that is there
 * before all others, so that none of them has to know the next. No I/O.
 */

import { EventEmitter } from 'node:events'
import type { LogEntry } from '../tenant/log.ts'
import type { ApplicationEntry } from './flow.ts'

export type Happenings = EventEmitter<{
  tenant: [LogEntry]
  application: [ApplicationEntry]
  /** Another version of the Action runs now. */
  deployed: []
  /** The same version runs on: the sources do not build. */
  refused: []
}>

export const createHappenings = (): Happenings => new EventEmitter()
