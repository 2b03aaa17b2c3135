/**
 * Records every SQL text that the gateway's objects run, with the plan that SQLite makes for it and the rows that it read.
 * `GET /__sql` answers both and forgets the rows; `POST /__sql {object, binding, sql, values}` runs a statement inside an
 * object, to fill it. For entries of runWorker, never deployed.
 */
interface Seen {
  plan: string[]
  rowsRead: number
  runs: number
}

const seen = new Map<string, Seen>()
const cursors: { text: string; cursor: { rowsRead: number } }[] = []
const patched = new WeakSet<object>()
let plainExec: SqlStorage['exec'] | undefined

export function watchSql(ctx: DurableObjectState): DurableObjectState {
  const sql = Object.getPrototypeOf(ctx.storage.sql) as SqlStorage
  if (patched.has(sql)) return ctx
  patched.add(sql)
  const { exec } = sql
  plainExec = exec
  sql.exec = function watched(this: SqlStorage, text: string, ...values: unknown[]) {
    if (!seen.has(text))
      seen.set(text, { plan: planOf(this, exec, text, values), rowsRead: 0, runs: 0 })
    const cursor = exec.call(this, text, ...values)
    cursors.push({ text, cursor })
    return cursor
  } as typeof exec
  return ctx
}

function planOf(
  sql: SqlStorage,
  exec: SqlStorage['exec'],
  text: string,
  values: unknown[]
): string[] {
  if (!/^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)/i.test(text)) return []
  const rows = exec.call(sql, `EXPLAIN QUERY PLAN ${text}`, ...values).toArray()
  return rows.map((row) => String(row.detail))
}

interface Order {
  object: string
  binding: 'ACCOUNT_SLOTS' | 'TENANT_DESK'
  sql: string
  values?: unknown[]
}

interface Watched {
  runSql(sql: string, values: unknown[]): Promise<{ ms: number }>
}

/** Runs a statement. Call it inside the object. */
export function runSql(
  ctx: DurableObjectState,
  sql: string,
  values: unknown[]
): { rows: unknown[] } {
  return {
    rows: (plainExec ?? ctx.storage.sql.exec).call(ctx.storage.sql, sql, ...values).toArray(),
  }
}

export async function answerSql(request: Request, env: Env): Promise<Response | undefined> {
  if (new URL(request.url).pathname !== '/__sql') return undefined
  if (request.method === 'POST') {
    const { object, binding, sql, values = [] } = (await request.json()) as Order
    const namespace = env[binding] as DurableObjectNamespace
    const stub = namespace.getByName(object) as unknown as Watched
    return Response.json(await stub.runSql(sql, values))
  }
  for (const { text, cursor } of cursors.splice(0)) {
    const one = seen.get(text)
    if (!one) continue
    one.rowsRead += cursor.rowsRead
    one.runs += 1
  }
  const all = [...seen].map(([sql, one]) => ({ sql, ...one }))
  for (const one of seen.values()) Object.assign(one, { rowsRead: 0, runs: 0 })
  return Response.json(all)
}
