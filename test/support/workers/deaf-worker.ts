/** The gateway's Worker with a moved clock, whose desks never hear that a slot came free. Never deployed. */
import worker, { TenantDesk as Desk } from './clocked-worker.ts'

export { AccountSlots } from './clocked-worker.ts'

export class TenantDesk extends Desk {
  override async noteFreed(): Promise<void> {}
}

export default worker
