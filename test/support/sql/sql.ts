/** Reads the SQL that a gateway of test/support/workers/sql-worker.ts has run, and fills its tables. */
import type { Gateway } from '../gateway.ts'

export interface Statement {
  sql: string
  /** The lines of EXPLAIN QUERY PLAN. */
  plan: string[]
  rowsRead: number
  runs: number
}

/** The statements since the last call. */
export async function statementsOf(gateway: Gateway): Promise<Statement[]> {
  return (await (await fetch(`${gateway.url}/__sql`)).json()) as Statement[]
}

export async function rowsReadBy(gateway: Gateway, what: () => Promise<unknown>): Promise<number> {
  await statementsOf(gateway)
  await what()
  const all = await statementsOf(gateway)
  return all.reduce((sum, one) => sum + one.rowsRead, 0)
}

export async function runIn(
  gateway: Gateway,
  binding: 'ACCOUNT_SLOTS' | 'TENANT_DESK',
  object: string,
  sql: string,
  values: unknown[] = []
): Promise<Record<string, unknown>[]> {
  const answer = await fetch(`${gateway.url}/__sql`, {
    method: 'POST',
    body: JSON.stringify({ binding, object, sql, values }),
  })
  if (!answer.ok) throw new Error(`${sql}: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { rows: Record<string, unknown>[] }).rows
}

const LEASE = JSON.stringify({
  lease: {
    id: '',
    requestId: '',
    tenant: 'none',
    kind: 'job',
    state: 'running',
    watch: [],
    clue: {},
  },
  outcome: { status: 'completed' },
  padding: 'x'.repeat(600),
})

/** Adds ended jobs to an account's object, spread evenly over the last 29 days. */
export async function fillEnded(gateway: Gateway, object: string, count: number): Promise<void> {
  const span = 29 * 86_400_000
  for (let from = 0; from < count; from += 20_000) {
    const sql = `
      WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2),
        t (i, at) AS (SELECT i, CAST(?3 - ?4 * (1.0 - 1.0 * i / ?5) AS INTEGER) FROM n)
      INSERT INTO ended_job (span, name, id, ended_at, watches, is_sure, record)
      SELECT CAST(at / 21600000 AS INTEGER), printf('filled%d', i),
        printf('%08x-%04x-7000-8000-%012x', at >> 16, at & 65535, i), at,
        printf('["video:filled%d"]', i), 1, ?6 FROM t`
    const to = Math.min(count, from + 20_000)
    await runIn(gateway, 'ACCOUNT_SLOTS', object, sql, [from, to, Date.now(), span, count, LEASE])
  }
}

export async function fillOwners(gateway: Gateway, object: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += 50_000) {
    const sql = `
      WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
      INSERT INTO owned_id (id, email, source, may_be_shared, lease, learned_at, account_since, epoch)
      SELECT printf('%08x%08x', (i * 2654435761) & 4294967295, i), 'a@example.com', 'created', 0, NULL, ?3, 0, 0 FROM n`
    const to = Math.min(count, from + 50_000)
    await runIn(gateway, 'TENANT_DESK', object, sql, [from, to, Date.now()])
  }
}

/** The objects of a gateway's first tenant. */
export async function objectsOf(gateway: Gateway): Promise<{ desk: string; accounts: string[] }> {
  const { tenants } = (await (await gateway.admin('GET', '/tenants')).json()) as {
    tenants: { id: string }[]
  }
  const desk = `heygen:${tenants[0]?.id}`
  const rows = await runIn(gateway, 'TENANT_DESK', desk, 'SELECT record FROM account')
  return {
    desk,
    accounts: rows.map((row) => (JSON.parse(String(row.record)) as { key: string }).key),
  }
}
