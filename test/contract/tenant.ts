/** A tenant with accounts of its own at a gateway and a simulator that it shares with other tests. */
import { expect } from 'vitest'
import type { Gateway } from '../support/gateway.ts'
import type { SimAccount, SimJob } from '../support/simulator.ts'
import type { JobWish, ProviderKit } from './kit.ts'

export interface JobView {
  jobid: string | null
  status: string
  status_final: boolean
}

let made = 0

export class Tenant {
  readonly at: Gateway
  readonly kit: ProviderKit
  readonly names: string[] = []

  private constructor(at: Gateway, kit: ProviderKit) {
    this.at = at
    this.kit = kit
  }

  /** One account for each limit. */
  static async open(gateway: Gateway, kit: ProviderKit, ...limits: number[]): Promise<Tenant> {
    const { token } = await gateway.newToken()
    const tenant = new Tenant(gateway.as(token), kit)
    for (const limit of limits) await tenant.addAccount(limit)
    return tenant
  }

  /** The same tenant and accounts at a gateway that was started again. */
  seenBy(gateway: Gateway): Tenant {
    const tenant = new Tenant(gateway, this.kit)
    tenant.names.push(...this.names)
    return tenant
  }

  get emails(): string[] {
    return this.names.map((name) => `${name}@example.com`)
  }

  async addAccount(maxJobs: number): Promise<string> {
    made += 1
    const name = `acct${made}`
    await this.kit.addAtProvider(this.at, name)
    const added = await this.register(name, maxJobs)
    expect(added.status, await added.text()).toBe(201)
    await this.kit.isHeard(this.at, name)
    this.names.push(name)
    return `${name}@example.com`
  }

  register(name: string, maxJobs: number): Promise<Response> {
    const credential = this.kit.credentialOf(name)
    return this.at.post(this.own('/accounts'), {
      email: `${name}@example.com`,
      maxJobs,
      ...credential,
    })
  }

  create(wish: JobWish = {}, headers: Record<string, string> = {}): Promise<Response> {
    const { path, body } = this.kit.creation
    return this.at.post(this.dropIn(path), body(wish), headers)
  }

  /** A creation that is taken; its job's id. */
  async start(wish: JobWish = {}, headers: Record<string, string> = {}): Promise<string> {
    const answer = await this.create(wish, headers)
    expect(answer.status, await answer.clone().text()).toBe(200)
    return jobOf(answer)
  }

  poll(id: string): Promise<Response> {
    return this.at.fetch(this.dropIn(this.kit.statusPath(id)))
  }

  async job(id: string): Promise<JobView> {
    return (await (await this.at.fetch(this.own(`/jobs/${id}`))).json()) as JobView
  }

  held(): Promise<number> {
    return this.at.heldSlots(this.kit.name)
  }

  /** A path of the provider, as its clients call it here. */
  dropIn(path: string): string {
    return `/${this.kit.name}${path}`
  }

  own(path: string): string {
    return `/v1/${this.kit.name}${path}`
  }

  async listedIds(): Promise<string[]> {
    const answer = await this.at.fetch(this.dropIn(this.kit.list.pagePath(1)))
    const text = await answer.text()
    expect(answer.status, text).toBe(200)
    expect(answer.headers.get('x-gateway-partial')).toBeNull()
    return this.kit.list.idsIn(JSON.parse(text))
  }

  async parkedReasons(email: string): Promise<string[]> {
    const view = await this.at.fetch(this.own(`/accounts/${email}`))
    const { parked } = (await view.json()) as { parked?: { reason: string }[] }
    return (parked ?? []).map(({ reason }) => reason)
  }

  /** What the simulator counted for this tenant's accounts, in the order of their adding. */
  async seen(): Promise<{ accounts: SimAccount[]; jobs: SimJob[] }> {
    const { accounts, jobs } = await this.at.sim.state()
    const mine = this.emails.map((email) =>
      accounts.find((one) => one.email === email && one.provider === this.kit.name)
    )
    return {
      accounts: mine.filter((one) => one !== undefined),
      jobs: jobs.filter((job) => this.emails.includes(job.account)),
    }
  }

  async startedJobs(): Promise<number> {
    const { accounts } = await this.seen()
    return accounts.reduce((sum, one) => sum + one.jobsStarted, 0)
  }

  end(id: string, status = 'completed'): Promise<unknown> {
    return this.at.sim.control('POST', `/jobs/${id}`, { status })
  }

  /** The next creation on any of this tenant's accounts, or on one. */
  async faultCreations(
    effect: Record<string, unknown>,
    { email, times = 1 }: { email?: string; times?: number | null } = {}
  ): Promise<void> {
    const account = email === undefined ? {} : { account: email }
    const match = { method: 'POST', path: this.kit.creation.path, ...account }
    await this.at.sim.fault({ match, ...(times === null ? {} : { times }), effect })
  }

  /** Creations that went up since the simulator was last told to forget. */
  async creationsSeen(): Promise<number> {
    const requests = await this.at.sim.requests()
    return requests.filter((one) => one.method === 'POST' && one.path === this.kit.creation.path)
      .length
  }

  /** The accounts that they went up on. */
  async creators(): Promise<(string | null)[]> {
    const requests = await this.at.sim.requests()
    return requests
      .filter((one) => one.method === 'POST' && one.path === this.kit.creation.path)
      .map((one) => one.account)
  }
}

export function jobOf(answer: Response): string {
  return answer.headers.get('x-gateway-job') ?? ''
}

export function accountOf(answer: Response): string {
  return answer.headers.get('x-gateway-account') ?? ''
}

export function errorOf(answer: Response): string | null {
  return answer.headers.get('x-gateway-error')
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
