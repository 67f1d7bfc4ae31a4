/** Whole rehearsals, one after the other: the other half is beside it, so that both run at once. */
import { test } from 'vitest'
import { FIRST } from './configurations.ts'
import { expectWhole } from './whole.ts'

test.each(FIRST)('at a tenant with $name the verdicts come out so', expectWhole)
