/** The gateway's Worker with a movable clock, whose desks ignore notices of free slots. Never deployed. */
import worker, { TenantDesk as Desk } from './clocked-worker.ts'

export { AccountSlots } from './clocked-worker.ts'

export class TenantDesk extends Desk {
  override async noteFreed(): Promise<void> {}
}

export default worker
