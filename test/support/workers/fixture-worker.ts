/**
 * The gateway's Worker at the moment at which a data folder was left (test/fixtures): its clock stands there from the start,
 * so that nothing in the folder is ever too old. Never deployed.
 */
import { facts } from '../../fixtures/data-30a41a3.json'
import { startClockAt } from '../clock/movable-clock.ts'

startClockAt(facts.now)

export { default, AccountSlots, TenantDesk } from './clocked-worker.ts'
