/**
 * The gateway's Worker with a clock that the test moves. `POST /__line {object, calls}` calls methods of a desk, one after the other,
 * as an account's object or a Worker does, and answers what they return and how many rows the desk wrote. An entry for runWorker, never
 * deployed.
 */
import type { WorkTold } from '#domain/ports/line.ts'
import worker, { AccountSlots as Slots, TenantDesk as Desk } from '../../../src/index.ts'
import { answerClock, goByClock, rearm, ring } from '../clock/movable-clock.ts'

const cursors: { rowsWritten: number }[] = []
const patched = new WeakSet<object>()

function countRows(ctx: DurableObjectState): DurableObjectState {
  const sql = Object.getPrototypeOf(ctx.storage.sql) as SqlStorage
  if (patched.has(sql)) return ctx
  patched.add(sql)
  const { exec } = sql
  sql.exec = function counted(this: SqlStorage, text: string, ...values: unknown[]) {
    const cursor = exec.call(this, text, ...values)
    cursors.push(cursor)
    return cursor
  } as typeof exec
  return ctx
}

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

  /** The test plays the account: it asks for work itself, and takes no ends. */
  override async work(): Promise<WorkTold> {
    return { parkings: [] }
  }

  override async endUnstarted(): Promise<string[]> {
    return []
  }
}

export class TenantDesk extends Desk {
  constructor(ctx: DurableObjectState, env: Env) {
    super(countRows(goByClock(ctx, 'TENANT_DESK')), env)
  }

  override alarm(): Promise<void> {
    return ring(this.ctx, () => super.alarm())
  }

  rearm(): Promise<void> {
    return rearm(this.ctx)
  }

  /** Forgets what is in memory, as a crash does. */
  async die(): Promise<void> {
    this.ctx.abort('died for a test')
  }

  /** Every part that uses the table fails from now on. */
  async dropTable(name: string): Promise<void> {
    this.ctx.storage.sql.exec(`DROP TABLE ${name}`)
  }

  async storedRows(): Promise<number> {
    const sql = 'SELECT (SELECT COUNT(*) FROM queued) + (SELECT COUNT(*) FROM token_line) AS n'
    return this.ctx.storage.sql.exec<{ n: number }>(sql).one().n
  }
}

interface Order {
  object: string
  calls: [method: string, ...args: unknown[]][]
}

type Called = Record<string, (...args: unknown[]) => Promise<unknown>>

async function callDesk(request: Request, env: Env): Promise<Response> {
  const { object, calls } = (await request.json()) as Order
  const stub = env.TENANT_DESK.getByName(object) as unknown as Called
  cursors.length = 0
  const results: unknown[] = []
  const began = performance.now()
  for (const [method, ...args] of calls) results.push(await stub[method]?.(...args))
  const ms = performance.now() - began
  const rowsWritten = cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0)
  return Response.json({ results, rowsWritten, ms })
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === '/__line') return callDesk(request, env)
    return (await answerClock(request, env)) ?? worker.fetch(request, env, ctx)
  },
} satisfies ExportedHandler<Env>
