/** The gateway's Worker with a clock that the test moves (movable-clock.ts). An entry for runWorker, never deployed. */
import worker, { AccountSlots as Slots, TenantDesk as Desk } from '../../src/index.ts'
import { answerClock, goByClock, rearm, ring } from './movable-clock.ts'

export class AccountSlots extends Slots {
  constructor(ctx: DurableObjectState, env: Env) {
    super(goByClock(ctx, 'ACCOUNT_SLOTS'), env)
  }

  override alarm(): Promise<void> {
    return ring(this.ctx, () => super.alarm())
  }

  rearm(): Promise<void> {
    return rearm(this.ctx)
  }
}

export class TenantDesk extends Desk {
  constructor(ctx: DurableObjectState, env: Env) {
    super(goByClock(ctx, 'TENANT_DESK'), env)
  }

  override alarm(): Promise<void> {
    return ring(this.ctx, () => super.alarm())
  }

  rearm(): Promise<void> {
    return rearm(this.ctx)
  }
}

export default {
  async fetch(request, env, ctx) {
    return (await answerClock(request, env)) ?? worker.fetch(request, env, ctx)
  },
} satisfies ExportedHandler<Env>
