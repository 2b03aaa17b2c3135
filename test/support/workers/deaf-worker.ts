/**
 * The gateway's Worker with a movable clock, whose desks ignore notices of free slots, and whose registrar does not say who is told
 * of alerts. Never deployed.
 */
import worker, { TenantDesk as Desk } from './clocked-worker.ts'

export { AccountSlots } from './clocked-worker.ts'

export class TenantDesk extends Desk {
  override async noteFreed(): Promise<void> {}

  override async alertsFor(): Promise<never> {
    throw new Error('out of reach')
  }
}

export default worker
