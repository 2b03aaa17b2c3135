/** The gateway's Worker with a clock that the test moves and with its SQL watched (sql-watch.ts). Never deployed. */
import worker, { AccountSlots as Slots, TenantDesk as Desk } from '../../../src/index.ts'
import { answerClock, goByClock, rearm, ring } from '../clock/movable-clock.ts'
import { answerSql, runSql, watchSql } from '../sql/sql-watch.ts'

export class AccountSlots extends Slots {
  constructor(ctx: DurableObjectState, env: Env) {
    super(watchSql(goByClock(ctx, 'ACCOUNT_SLOTS')), env)
  }

  override alarm(): Promise<void> {
    return ring(this.ctx, () => super.alarm())
  }

  rearm(): Promise<void> {
    return rearm(this.ctx)
  }

  async runSql(sql: string, values: unknown[]) {
    return runSql(this.ctx, sql, values)
  }
}

export class TenantDesk extends Desk {
  constructor(ctx: DurableObjectState, env: Env) {
    super(watchSql(goByClock(ctx, 'TENANT_DESK')), env)
  }

  override alarm(): Promise<void> {
    return ring(this.ctx, () => super.alarm())
  }

  rearm(): Promise<void> {
    return rearm(this.ctx)
  }

  async runSql(sql: string, values: unknown[]) {
    return runSql(this.ctx, sql, values)
  }
}

export default {
  async fetch(request, env, ctx) {
    const own = (await answerSql(request, env)) ?? (await answerClock(request, env))
    return own ?? worker.fetch(request, env, ctx)
  },
} satisfies ExportedHandler<Env>
