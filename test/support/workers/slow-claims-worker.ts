/**
 * The gateway's Worker, in which calls about claims and about who waits, between desks and accounts' objects, are late or lost.
 * `POST /__claims {rules, drawMs}`: a rule holds or loses the next such call of a tenant, before or after it has its effect.
 * `drawMs` delays all other such calls by up to that time. `GET` says how many calls are held. An entry for runWorker, never
 * deployed. Its tables can be read (sql.ts).
 */
import worker, { AccountSlots as Slots, TenantDesk as Desk } from '../../../src/index.ts'
import { answerSql, runSql } from '../sql/sql-watch.ts'

interface Rule {
  method: string
  /** The tenant that claims or releases. Absent: any tenant. */
  tenant?: string
  /** Only claims that replace another account. */
  isInstead?: boolean
  when: 'before' | 'after'
  what: 'hold' | 'lose'
}

let rules: Rule[] = []
let drawMs = 0
/** Held calls check whether this number has changed, because in workerd no other request can wake them. */
let round = 0
let held = 0

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function pass(method: string, args: unknown[], when: Rule['when']): Promise<void> {
  const who = (method === 'retire' ? args[1] : args[0]) as { tenant?: string } | undefined
  const at = rules.findIndex(
    (rule) =>
      rule.method === method &&
      rule.when === when &&
      (rule.tenant === undefined || !who?.tenant || rule.tenant === who.tenant) &&
      (rule.isInstead === undefined || rule.isInstead === (args[1] !== undefined))
  )
  const [rule] = at < 0 ? [] : rules.splice(at, 1)
  if (rule?.what === 'lose') throw new Error('lost')
  if (!rule) return void (drawMs > 0 && (await pause(Math.random() * drawMs)))
  held += 1
  const mine = round
  while (round === mine) await pause(2)
  held -= 1
}

type Method = (...args: unknown[]) => Promise<unknown>

function late<T extends DurableObjectNamespace>(namespace: T): T {
  const getByName = (name: string) =>
    new Proxy(
      {},
      {
        get:
          (_, method) =>
          async (...args: unknown[]) => {
            const stub = namespace.getByName(name) as unknown as Record<string, Method>
            const isSlow = ['claim', 'holds', 'retire', 'vacate', 'watch'].includes(String(method))
            if (isSlow) await pass(String(method), args, 'before')
            const answer = await stub[String(method)]?.(...args)
            if (isSlow) await pass(String(method), args, 'after')
            return answer
          },
      }
    )
  return { getByName } as unknown as T
}

const envs = new WeakMap<Env, Env>()

function lateEnv(env: Env): Env {
  const known = envs.get(env)
  if (known) return known
  const own = {
    ...env,
    ACCOUNT_SLOTS: late(env.ACCOUNT_SLOTS),
    TENANT_DESK: late(env.TENANT_DESK),
  }
  envs.set(env, own)
  return own
}

export class AccountSlots extends Slots {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, lateEnv(env))
  }

  async runSql(sql: string, values: unknown[]) {
    return runSql(this.ctx, sql, values)
  }
}

export class TenantDesk extends Desk {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, lateEnv(env))
  }

  async runSql(sql: string, values: unknown[]) {
    return runSql(this.ctx, sql, values)
  }
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== '/__claims') {
      return (await answerSql(request, env)) ?? worker.fetch(request, lateEnv(env), ctx)
    }
    if (request.method === 'POST') {
      const change: { rules?: Rule[]; drawMs?: number } = await request.json()
      rules = change.rules ?? []
      drawMs = change.drawMs ?? 0
      round += 1
    }
    return Response.json({ held })
  },
} satisfies ExportedHandler<Env>
