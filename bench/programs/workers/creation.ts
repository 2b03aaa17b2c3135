/**
 * Bare Hono that starts a job with the durable writes that a creation needs (contract: at most 3 object requests and 4 rows):
 *
 * 1 `acquire` at the account's object: counts the leases, inserts one, sets the alarm if none is set   1 request, 2 rows
 * 2 the call
 * 3 together: `bind` at the account's object, which writes the job into the lease                      1 request, 1 row
 *             `learn` at the tenant's object, which inserts the owner of the job's id                  1 request, 1 row
 *
 * It answers when both are confirmed. It has no refusals, no retries, no parkings, no hints, no log: the floor for these writes, not
 * a gateway. `POST /settle` deletes leases by their jobs.
 */
import { DurableObject } from 'cloudflare:workers'
import { Hono } from 'hono'
import { answerHeaders, credentialOf, headersFor, upstreamUrl, type BareEnv } from './shared.ts'

const MAX_JOBS = 1000
const CHECK_MS = 600_000

interface Env extends BareEnv {
  SLOTS: DurableObjectNamespace<Slots>
  DESK: DurableObjectNamespace<Desk>
}

export class Slots extends DurableObject<Env> {
  #alarm: Promise<number | null>

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS lease (id TEXT PRIMARY KEY, body TEXT NOT NULL, job TEXT) WITHOUT ROWID'
    )
    this.#alarm = this.ctx.storage.getAlarm()
  }

  async acquire(id: string, body: string): Promise<boolean> {
    const { sql } = this.ctx.storage
    const { held } = sql.exec<{ held: number }>('SELECT COUNT(*) AS held FROM lease').one()
    if (held >= MAX_JOBS) return false
    sql.exec('INSERT INTO lease (id, body) VALUES (?, ?)', id, body)
    if ((await this.#alarm) === null) {
      const at = Date.now() + CHECK_MS
      this.#alarm = Promise.resolve(at)
      void this.ctx.storage.setAlarm(at)
    }
    return true
  }

  async bind(id: string, job: string): Promise<void> {
    this.ctx.storage.sql.exec('UPDATE lease SET job = ? WHERE id = ?', job, id)
  }

  async settle(jobs: string[]): Promise<void> {
    for (const job of jobs) this.ctx.storage.sql.exec('DELETE FROM lease WHERE job = ?', job)
    this.#alarm = Promise.resolve(null)
    await this.ctx.storage.deleteAlarm()
  }

  override async alarm(): Promise<void> {}
}

export class Desk extends DurableObject<Env> {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS owner (id TEXT PRIMARY KEY, account TEXT NOT NULL) WITHOUT ROWID'
    )
  }

  async learn(id: string, account: string): Promise<void> {
    this.ctx.storage.sql.exec('INSERT INTO owner (id, account) VALUES (?, ?)', id, account)
  }
}

const app = new Hono<{ Bindings: Env }>()

app.post('/settle', async (c) => {
  await c.env.SLOTS.getByName('heygen:ann').settle(await c.req.json<string[]>())
  return c.json({})
})

app.post('/v3/videos', async (c) => {
  const request = c.req.raw
  const credential = await credentialOf(request, c.env)
  if (credential === undefined) return c.json({ error: 'unauthorized' }, 401)
  const text = await request.text()
  const { title } = JSON.parse(text) as { title?: string }
  const id = crypto.randomUUID()
  const slots = c.env.SLOTS.getByName('heygen:ann')
  const lease = { tenant: 't_bench', route: 'POST /v3/videos', takenAt: Date.now(), title }
  if (!(await slots.acquire(id, JSON.stringify(lease)))) return c.json({ error: 'full' }, 429)
  const answer = await fetch(upstreamUrl(request, c.env), {
    method: 'POST',
    headers: headersFor(request, credential),
    body: text,
    redirect: 'manual',
  })
  const made = await answer.text()
  const { data } = JSON.parse(made) as { data: { video_id: string } }
  const desk = c.env.DESK.getByName('heygen:t_bench')
  await Promise.all([slots.bind(id, data.video_id), desk.learn(data.video_id, 'ann@example.com')])
  return new Response(made, { status: answer.status, headers: answerHeaders(answer) })
})

export default app
