/**
 * The gateway's Worker with a clock that the test moves (movable-clock.ts). It can start again in the same workerd (renewal.ts). An
 * entry for runWorker, never deployed.
 */
import worker, { AccountSlots as Slots, TenantDesk as Desk } from '../../../src/index.ts'
import { answerClock, goByClock, rearm, resetClock, ring } from '../clock/movable-clock.ts'
import { answerRenewal, counted, envOfTurn, noteObject, wipeObject } from '../renewed/renewal.ts'

export class AccountSlots extends Slots {
  constructor(ctx: DurableObjectState, env: Env) {
    super(goByClock(noteObject(ctx, env.ACCOUNT_SLOTS), 'ACCOUNT_SLOTS'), envOfTurn(env))
  }

  override alarm(): Promise<void> {
    return ring(this.ctx, () => super.alarm())
  }

  rearm(): Promise<void> {
    return rearm(this.ctx)
  }

  wipe(): Promise<void> {
    return wipeObject(this.ctx)
  }
}

export class TenantDesk extends Desk {
  constructor(ctx: DurableObjectState, env: Env) {
    super(goByClock(noteObject(ctx, env.TENANT_DESK), 'TENANT_DESK'), envOfTurn(env))
  }

  override alarm(): Promise<void> {
    return ring(this.ctx, () => super.alarm())
  }

  rearm(): Promise<void> {
    return rearm(this.ctx)
  }

  wipe(): Promise<void> {
    return wipeObject(this.ctx)
  }
}

export default {
  async fetch(request, env, ctx) {
    return (
      (await answerRenewal(request, env, resetClock)) ??
      (await answerClock(request, env)) ??
      counted(ctx, () => worker.fetch(request, envOfTurn(env), ctx))
    )
  },
} satisfies ExportedHandler<Env>
