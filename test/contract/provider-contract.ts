/**
 * What every provider keeps, as tests: contract section 7 and the rules that make one account of many, through the
 * front door, with the simulator as the witness. A provider brings a kit; nothing here knows one.
 */
import { describe } from 'vitest'
import { openBench } from './bench.ts'
import { tellsEveryEnd } from './ends.ts'
import type { ProviderKit } from './kit.ts'
import { startsEachJobOnce } from './once.ts'
import { makesOneAccountOfMany } from './pool.ts'
import { givesEverySlotBack, holdsTheLimits } from './slots.ts'
import { hidesTenants } from './tenants.ts'

export async function keepsTheContract(kit: ProviderKit): Promise<void> {
  const bench = await openBench(kit)
  describe('I1: never more jobs of an account in flight than its limit', () =>
    holdsTheLimits(bench))
  describe('I2: every slot comes back', () => givesEverySlotBack(bench))
  describe('I3: every end is told', () => tellsEveryEnd(bench))
  describe('I4: no job is started twice', () => startsEachJobOnce(bench))
  describe('I5: tenants are invisible to each other', () => hidesTenants(bench))
  describe('many accounts are one', () => makesOneAccountOfMany(bench))
}
