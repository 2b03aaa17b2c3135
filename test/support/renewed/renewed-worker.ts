/** The gateway's Worker, which can start again in the same workerd (renewal.ts). An entry for runWorker, never deployed. */
import worker, { AccountSlots as Slots, TenantDesk as Desk } from '../../../src/index.ts'
import { answerRenewal, counted, envOfTurn, noteObject, wipeObject } from './renewal.ts'

export class AccountSlots extends Slots {
  constructor(ctx: DurableObjectState, env: Env) {
    super(noteObject(ctx, env.ACCOUNT_SLOTS), envOfTurn(env))
  }

  wipe(): Promise<void> {
    return wipeObject(this.ctx)
  }
}

export class TenantDesk extends Desk {
  constructor(ctx: DurableObjectState, env: Env) {
    super(noteObject(ctx, env.TENANT_DESK), envOfTurn(env))
  }

  wipe(): Promise<void> {
    return wipeObject(this.ctx)
  }
}

export default {
  async fetch(request, env, ctx) {
    return (
      (await answerRenewal(request, env)) ??
      counted(ctx, () => worker.fetch(request, envOfTurn(env), ctx))
    )
  },
} satisfies ExportedHandler<Env>
