/** The line of a desk in the real Worker. The test plays the Workers and the accounts' objects that call it. */
import type { EnqueueAnswer, Work, WorkAnswer, WorkReport } from '#domain/ports/line.ts'
import { itemIdOf, namesOf } from '#domain/queue/item-name.ts'
import type { ItemShown, NewItem } from '#domain/queue/item.ts'
import { hashToken } from '#domain/access/token.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import type { Gateway } from '../gateway.ts'

export const LINE_WORKER = 'test/support/workers/line-worker.ts'

interface Called<T> {
  results: T[]
  rowsWritten: number
  ms: number
}

export class RealDesk {
  readonly gateway: Gateway
  readonly tenant: string
  readonly account: { email: string; key: string }
  readonly #token: { id: string; hash: string }
  #made = 0

  private constructor(
    gateway: Gateway,
    tenant: string,
    account: RealDesk['account'],
    token: { id: string; hash: string }
  ) {
    this.gateway = gateway
    this.tenant = tenant
    this.account = account
    this.#token = token
  }

  /** Of a new tenant with one account. */
  static async open(gateway: Gateway, name: string, maxJobs = 9): Promise<RealDesk> {
    const made = await gateway.newToken({ tenant: name })
    const own = gateway.as(made.token)
    const email = await own.addAccount(name, maxJobs)
    const token = { id: made.id, hash: await hashToken(made.token) }
    const { results } = await call<{ accounts: { key: string }[] }>(own, made.tenant, [
      ['snapshot'],
    ])
    const key = results[0]?.accounts[0]?.key ?? ''
    return new RealDesk(own, made.tenant, { email, key }, token)
  }

  call<T>(...calls: [string, ...unknown[]][]): Promise<Called<T>> {
    return call(this.gateway, this.tenant, calls)
  }

  get tokenId(): string {
    return this.#token.id
  }

  newItem(sealed = 'x'.repeat(2000)): NewItem {
    this.#made += 1
    const at = Date.now() + this.#made
    const requestId = newTimedId(at, crypto.randomUUID())
    const item = itemIdOf(requestId, at)
    return {
      item,
      sort: {
        lane: '',
        token: this.#token.id,
        priority: 3,
        askedAt: at,
        startBy: at + 7 * 86_400_000,
        bytes: sealed.length,
        route: 'POST /v3/videos',
        slots: 1,
      },
      record: {
        requestId,
        tenant: this.tenant,
        method: 'POST',
        path: '/v3/videos',
        names: namesOf(item, 1, { kind: 'hex' }),
        tokenHash: this.#token.hash,
        origin: 'https://gateway.example',
        tries: [],
      },
      sealed,
    }
  }

  newItems(count: number, sealed?: string): NewItem[] {
    return Array.from({ length: count }, () => this.newItem(sealed))
  }

  async enqueue(items: NewItem[]): Promise<Called<EnqueueAnswer[]>> {
    return this.call(['enqueue', items])
  }

  async pull(free = 1, underWay: string[] = []): Promise<{ answer: WorkAnswer } & Called<unknown>> {
    const rest = { tenant: this.tenant, free, held: 0, underWay, parkings: [] }
    const called = await this.call<WorkAnswer>(['takeWork', { account: this.account.key, ...rest }])
    return { ...called, answer: called.results[0] as WorkAnswer }
  }

  begun({ item, leaseId }: Pick<Work, 'item' | 'leaseId'>): WorkReport {
    const jobId = `job-of-${item}`
    const start = { jobId, watch: [`video:${jobId}`], ask: `/v3/videos/${jobId}` }
    const { email, key } = this.account
    const owner = {
      id: jobId,
      email,
      key,
      source: 'created',
      mayBeShared: false,
      lease: leaseId,
    } as const
    return { kind: 'begun', item, leaseId, owners: [{ ...owner, start }], starts: [start] }
  }

  report(...reports: WorkReport[]): Promise<Called<string[]>> {
    return this.call(['report', this.account.key, reports])
  }

  async shown(...names: string[]): Promise<ItemShown[]> {
    return (await this.call<ItemShown[]>(['itemsOf', names])).results[0] ?? []
  }

  /** The object forgets what it had in memory. */
  async die(): Promise<void> {
    await this.call(['die']).catch(() => {})
  }
}

async function call<T>(
  { url }: Gateway,
  tenant: string,
  calls: [string, ...unknown[]][]
): Promise<Called<T>> {
  const body = JSON.stringify({ object: `heygen:${tenant}`, calls })
  const answer = await fetch(`${url}/__line`, { method: 'POST', body })
  if (!answer.ok) throw new Error(`the desk: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Called<T>
}
