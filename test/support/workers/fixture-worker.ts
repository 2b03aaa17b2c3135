/**
 * The gateway's Worker for a data folder of test/fixtures. Its clock stands at the time at which the folder was saved, so that
 * nothing in it is ever too old. Never deployed.
 */
import { facts } from '../../fixtures/data-30a41a3.json'
import { startClockAt } from '../clock/movable-clock.ts'

startClockAt(facts.now)

export { default, AccountSlots, TenantDesk } from './clocked-worker.ts'
