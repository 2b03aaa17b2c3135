/**
 * Keeps, at a tenant's desk, what tokens with limits on jobs use: one row for each of them, written when a job is taken and when it
 * ends. Tokens without such limits have no row. What to do is decided in domain/limits/share.ts.
 */
import {
  dayOf,
  end,
  mayBeMended,
  mayStart,
  mend,
  nextDayAt,
  roomOf,
  take,
  UNUSED,
  waitFor,
  type JobLimits,
  type ReachedLimit,
  type ShareEnd,
  type Use,
} from '#domain/limits/share.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { inTime } from '#domain/runtime/in-time.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS token_share (token TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID
`

/** A token that has started nothing for so many days is forgotten. No job of that age is known to an account any more. */
const FORGOTTEN_DAYS = 60

export interface SharesDeps {
  ports(): Ports
  tenant: string
  /** The objects of the tenant's accounts, also of those that were removed and may still have jobs. */
  accountKeys(): string[]
  /** What no account needs to know: the jobs of queued creations that are chosen. */
  chosen(): string[]
}

export class TokenShares {
  readonly #sql: SqlStorage
  readonly #deps: SharesDeps
  /** What the rows say. Read once; after a failed write it is read again. */
  #known: Map<string, Use> | undefined
  #askedAt = 0

  constructor(storage: DurableObjectStorage, deps: SharesDeps) {
    this.#sql = storage.sql
    this.#deps = deps
    this.#sql.exec(SCHEMA)
  }

  /** Before it refuses, it finds out which of the token's jobs no account has any more. */
  async take(
    token: string,
    limits: JobLimits,
    leaseIds: readonly string[]
  ): Promise<true | ReachedLimit> {
    const taken = this.#take(token, limits, leaseIds)
    if (taken === true || !this.#mayMend(token, taken)) return taken
    await this.#mend()
    return this.#take(token, limits, leaseIds)
  }

  #take(token: string, limits: JobLimits, leaseIds: readonly string[]): true | ReachedLimit {
    const { now, durations } = this.#deps.ports()
    const use = this.#useOf(token)
    const isTaken = leaseIds.every((id) => use.running[id] !== undefined)
    const answer = isTaken || mayStart(limits, use, leaseIds.length, now(), durations.typicalJobMs)
    if (answer === true) this.#save(token, use, take(use, leaseIds, now()))
    return answer
  }

  /** Returns the tokens that have more room now. */
  end(leaseIds: readonly string[], how: ShareEnd): string[] {
    const freed: string[] = []
    for (const [token, use] of this.#read()) {
      const ended = end(use, leaseIds, how)
      this.#save(token, use, ended)
      if (ended !== use && how !== 'doubtful') freed.push(token)
    }
    return freed
  }

  // For the line, which decides in one step and refuses nobody.

  roomOf(token: string, limits: JobLimits): number {
    return roomOf(limits, this.#useOf(token), this.#deps.ports().now())
  }

  waitFor(token: string, limits: JobLimits, jobs: number, meanMs: number): number {
    return waitFor(limits, this.#useOf(token), jobs, { meanMs, now: this.#deps.ports().now() })
  }

  opensAt(token: string, limits: JobLimits): number | undefined {
    return nextDayAt(limits, this.#useOf(token), this.#deps.ports().now())
  }

  /** The caller has looked whether there is room. */
  takeNow(token: string, names: readonly string[]): void {
    const use = this.#useOf(token)
    this.#save(token, use, take(use, names, this.#deps.ports().now()))
  }

  has(token: string, names: readonly string[]): boolean {
    const { running } = this.#useOf(token)
    return names.some((name) => running[name] !== undefined)
  }

  /** `waiting`: how many jobs each token waits to start. Asks the accounts, if something old keeps one from it. False: nothing does. */
  async mendFor(
    waiting: ReadonlyMap<string, number>,
    limitsOf: (token: string) => JobLimits | undefined
  ): Promise<boolean> {
    const { now, durations } = this.#deps.ports()
    const isOld = Array.from(waiting).some(([token, jobs]) => {
      const use = this.#useOf(token)
      const { maxConcurrent = Infinity } = limitsOf(token) ?? {}
      const isFull = Object.keys(use.running).length + jobs > maxConcurrent
      return isFull && jobs <= maxConcurrent && mayBeMended(use, now() - durations.mendShareMs)
    })
    if (isOld) await this.#mend()
    return isOld
  }

  /** After a transaction that failed. */
  readAgain(): void {
    this.#known = undefined
  }

  #useOf(token: string): Use {
    return this.#read().get(token) ?? UNUSED
  }

  /** Deletes the rows of tokens that are not used any more. */
  forgetOld(now: number): void {
    for (const [token, use] of this.#read()) {
      if (use.day >= dayOf(now) - FORGOTTEN_DAYS) continue
      this.#sql.exec('DELETE FROM token_share WHERE token = ?', token)
      this.#read().delete(token)
    }
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM token_share')
    this.#known = undefined
  }

  /** The accounts are asked once in a minute at most, for all tokens together. */
  #mayMend(token: string, { limit, until }: ReachedLimit): boolean {
    if (limit !== 'maxConcurrent' || until === undefined) return false
    const { now, durations } = this.#deps.ports()
    if (now() < this.#askedAt + durations.mendShareAgainMs) return false
    return mayBeMended(this.#useOf(token), now() - durations.mendShareMs)
  }

  /** If one account cannot be asked, nothing is dropped: the job may be there. */
  async #mend(): Promise<void> {
    const ports = this.#deps.ports()
    this.#askedAt = ports.now()
    const before = ports.now() - ports.durations.mendShareMs
    const asked = limitConcurrency(this.#deps.accountKeys(), OBJECTS_AT_ONCE, (key) =>
      inTime(ports, ports.slots(key).limitedLeases(this.#deps.tenant))
    )
    const live = await asked.catch(() => undefined)
    if (!live) return ports.log('shares_not_mended', { tenant: this.#deps.tenant })
    const ids = new Set([...live.flat(), ...this.#deps.chosen()])
    // Read again: others were served meanwhile.
    for (const [token, use] of this.#read()) {
      const mended = mend(use, ids, before)
      if (mended !== use) ports.log('share_mended', { tenant: this.#deps.tenant, token })
      this.#save(token, use, mended)
    }
  }

  #save(token: string, before: Use, use: Use): void {
    if (use === before) return
    const known = this.#read()
    try {
      this.#sql.exec(
        'INSERT INTO token_share (token, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
        token,
        JSON.stringify(use)
      )
    } catch (error) {
      this.#known = undefined
      throw error
    }
    known.set(token, use)
  }

  #read(): Map<string, Use> {
    if (this.#known) return this.#known
    const sql = 'SELECT token, record FROM token_share'
    const rows = this.#sql.exec<{ token: string; record: string }>(sql).toArray()
    this.#known = new Map(rows.map(({ token, record }) => [token, JSON.parse(record) as Use]))
    return this.#known
  }
}
