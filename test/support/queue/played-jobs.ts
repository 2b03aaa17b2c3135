/**
 * Plays the jobs of a gateway whose clock stands (test/support/clock): each job takes exactly so long by that clock, and HeyGen ends
 * and tells them one by one. So the order and the times of the starts are the gateway's alone. The simulator's jobs must not end by
 * themselves (`JOB_MS: '-1'`).
 */
import { advance, clockOf } from '../clock/clock.ts'
import { until, VIDEO, type Gateway } from '../gateway.ts'
import type { StartedJob } from './videos.ts'

export interface Start {
  id: string
  title: string
  account: string
  /** By the gateway's clock. */
  at: number
}

/** Queues videos with one call. Returns the gateway's names for them, in order. */
export async function queueTitles(
  by: Gateway,
  titles: string[],
  headersOf: (title: string) => object = () => ({})
): Promise<string[]> {
  const items = titles.map((title) => ({
    path: '/v3/videos',
    body: { ...VIDEO, title },
    headers: headersOf(title),
  }))
  const answer = await by.post('/v1/heygen/queue', items)
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`queue: ${answer.status} ${text}`)
  const { items: queued } = JSON.parse(text) as { items: { id?: string }[] }
  return queued.map(({ id }) => {
    if (id === undefined) throw new Error(`an item was refused: ${text}`)
    return id
  })
}

export class PlayedJobs {
  /** In the order in which HeyGen got them. */
  readonly starts: Start[] = []
  readonly #gateway: Gateway
  readonly #jobMs: (title: string) => number
  readonly #ended = new Set<string>()

  constructor(gateway: Gateway, jobMs: (title: string) => number) {
    this.#gateway = gateway
    this.#jobMs = jobMs
  }

  /** Waits until so many were started in all. No clock is moved meanwhile, so no alarm helps. */
  async started(count: number): Promise<void> {
    await until(async () => (await this.look()) >= count)
  }

  /** Notes what was started since the last look. Returns how many there are. */
  async look(): Promise<number> {
    const [{ now }, { jobs }] = await Promise.all([
      clockOf(this.#gateway),
      this.#gateway.sim.state(),
    ])
    for (const { id, title, account } of (jobs as StartedJob[]).slice(this.starts.length))
      this.starts.push({ id, title: title ?? '', account, at: now })
    return this.starts.length
  }

  get running(): Start[] {
    return this.starts.filter(({ id }) => !this.#ended.has(id))
  }

  #endOf({ title, at }: Start): number {
    return at + this.#jobMs(title)
  }

  /** The next job to end. Of several at once the one that was started first. */
  next(): Start | undefined {
    return this.running.toSorted((one, other) => this.#endOf(one) - this.#endOf(other))[0]
  }

  /** Moves the clock to the next end, or to `most` if that is earlier, and ends the job. Returns the job that ended. */
  async end(most = Infinity): Promise<Start | undefined> {
    const job = this.next()
    const at = Math.min(job ? this.#endOf(job) : Infinity, most)
    const { now } = await clockOf(this.#gateway)
    if (at > now && at < Infinity) await advance(this.#gateway, at - now)
    return job && this.#endOf(job) <= at ? this.endNow() : undefined
  }

  /** Ends the job that is next, whatever the time is. */
  async endNow(): Promise<Start | undefined> {
    const job = this.next()
    if (!job) return undefined
    this.#ended.add(job.id)
    await this.#gateway.sim.control('POST', `/jobs/${job.id}`, { status: 'completed' })
    return job
  }

  /** Plays on until `count` were started in all. Every end must be followed by a start. */
  async play(count: number): Promise<void> {
    while (this.starts.length < count) {
      const wanted = this.starts.length + 1
      if (!(await this.end())) throw new Error('nothing runs any more')
      await this.started(wanted)
    }
  }
}
