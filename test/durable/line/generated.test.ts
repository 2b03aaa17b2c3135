/**
 * Generated lives of a line: items come, accounts pull, start, refuse and lose their answers, tokens and accounts go, the desk dies and
 * its disk fails. The accounts do what docs/rfc/0009-queue.md says that an account's object does.
 */
import { expect, test } from 'vitest'
import type { Work, WorkReport } from '#domain/ports/line.ts'
import { testFull } from '../../support/full.ts'
import { PlayedDesk, type PlayedAccount } from '../../support/queue/desk-line.ts'
import { randomOf } from '../../domain/queue/pool.ts'

class Life {
  readonly desk = new PlayedDesk()
  readonly random: (below: number) => number
  readonly accepted = new Set<string>()
  /** By item: the lease ids under which a job was really started. */
  readonly started = new Map<string, string[]>()
  /** By account: what it was handed, the latest last. */
  readonly handed = new Map<string, Work[]>()
  /** By item: what is being sent, which takes a while. */
  readonly sending = new Map<string, { account: PlayedAccount; work: Work }>()
  readonly tokens = ['one', 'two', 'three']
  isCalm = false

  constructor(seed: number) {
    this.random = randomOf(seed)
    for (const name of ['a', 'b', 'c']) this.desk.addAccount(name)
    for (const token of this.tokens) this.desk.addToken(token, { weight: 1 + this.random(50) })
    const take = this.desk.onEnds
    this.desk.onEnds = async (key, ends) => {
      if (this.isUnlucky(3)) throw new Error('away')
      const taken = ends.filter(() => !this.isUnlucky(4))
      return take(key, taken)
    }
  }

  isUnlucky(oneIn: number): boolean {
    return !this.isCalm && this.random(oneIn) === 0
  }

  pick<T>(all: readonly T[]): T | undefined {
    return all[this.random(all.length)]
  }

  async step(): Promise<void> {
    const { desk } = this
    const kind = this.random(20)
    if (kind < 5) await this.enqueue()
    else if (kind < 14) await this.pull(this.pick(desk.accounts))
    else if (kind === 14) desk.line.cancel(this.pick([...this.accepted]) ?? '')
    else if (kind === 15) desk.restart()
    else if (kind === 16) await desk.ring(this.random(90_000))
    else if (kind === 17) this.endSending(desk.now + this.random(20_000))
    else if (kind === 18 && this.isUnlucky(20)) await this.removeToken()
    else if (kind === 19 && this.isUnlucky(20)) this.removeAccount()
    await desk.settle()
  }

  async enqueue(): Promise<void> {
    const token = this.pick(this.tokens) ?? ''
    if (!this.desk.tokens.has(`hash-${token}`)) return
    const pinned = this.random(4) === 0 ? this.pick(this.desk.accounts) : undefined
    const lane = pinned ? { lane: pinned.email, laneSince: pinned.createdAt } : {}
    const soon = this.random(8) === 0 ? { startBy: this.desk.now + 60_000 } : {}
    const items = this.desk.newItems(1 + this.random(4), { token, ...lane, ...soon })
    await this.write(async () => {
      await this.desk.line.enqueue(items)
      for (const { item } of items) this.accepted.add(item)
    })
  }

  /** A write of the disk may fail in the middle. */
  async write(work: () => unknown): Promise<void> {
    const { sql } = this.desk.storage
    const { exec } = sql
    let left = this.isUnlucky(10) ? this.random(4) : Infinity
    sql.exec = ((text: string, ...values: unknown[]) => {
      if (/^\s*(INSERT|UPDATE)/.test(text) && (left -= 1) < 0) throw new Error('the disk is full')
      return exec.call(sql, text, ...values)
    }) as typeof sql.exec
    try {
      await work()
    } catch (error) {
      if ((error as Error).message !== 'the disk is full') throw error
    } finally {
      sql.exec = exec
    }
  }

  async pull(account: PlayedAccount | undefined): Promise<void> {
    if (!account) return
    await this.write(async () => {
      const own = Array.from(this.sending.values()).filter((one) => one.account === account)
      const underWay = own.map(({ work: { item } }) => item)
      const { work } = await this.desk.ask(account, this.random(4), { underWay })
      if (this.isUnlucky(5)) return
      for (const one of work) this.serve(account, one)
    })
  }

  serve(account: PlayedAccount, work: Work): void {
    const { item, leaseId, earlier, mayStart } = work
    const own = this.handed.get(account.key) ?? []
    this.handed.set(account.key, [...own, work])
    const began = earlier.find((id) => this.started.get(item)?.includes(id))
    const back = { kind: 'back', item, leaseId, why: 'full' } as const
    if (began !== undefined) return this.report(account, this.desk.begun(item, began, account))
    if (!mayStart) return this.report(account, back)
    const luck = this.isCalm ? 0 : this.random(10)
    if (luck > 7) return this.report(account, back)
    if (luck > 6) return this.report(account, { ...back, isLeftOut: true })
    if (luck > 4) return void this.sending.set(item, { account, work })
    this.start(account, work)
  }

  endSending(now: number): void {
    this.desk.now = now
    for (const [item, { account, work }] of this.sending) {
      this.sending.delete(item)
      this.start(account, work)
    }
  }

  start(account: PlayedAccount, { item, leaseId }: Work): void {
    this.started.set(item, [...(this.started.get(item) ?? []), leaseId])
    this.report(account, this.desk.begun(item, leaseId, account))
  }

  /** It may be lost, come twice, or come with one of long ago. */
  report(account: PlayedAccount, report: WorkReport): void {
    if (this.isUnlucky(6)) return
    const reports = [report, ...(this.isUnlucky(5) ? [report] : [])]
    const old = this.isUnlucky(5) ? this.pick(this.handed.get(account.key) ?? []) : undefined
    const isLatest = old?.leaseId === report.leaseId
    const late = {
      kind: 'back',
      item: old?.item ?? '',
      leaseId: old?.leaseId ?? '',
      why: 'late',
    } as const
    // Only a lease under which nothing is sent and nothing was started is ever said to be back.
    const isSending = old && this.sending.get(old.item)?.work.leaseId === old.leaseId
    const isTrue = old && !isLatest && !isSending && !this.started.has(old.item)
    this.desk.line.report(account.key, [...reports, ...(isTrue ? [late] : [])])
  }

  async removeToken(): Promise<void> {
    const token = this.pick(this.tokens.slice(1)) ?? ''
    this.desk.tokens.delete(`hash-${token}`)
    if (this.random(2) === 0) await this.desk.line.tokenChanged(`hash-${token}`)
  }

  removeAccount(): void {
    if (this.desk.accounts.length < 2) return
    const gone = this.desk.accounts.pop()
    this.desk.line.accountsChanged()
    // Its object still answers for what it has.
    if (gone) this.former.push(gone)
  }

  readonly former: PlayedAccount[] = []

  /** Nothing fails any more. Each look finds accounts that ask for work. */
  async rest(): Promise<void> {
    this.isCalm = true
    this.endSending(this.desk.now)
    for (let looks = 0; looks < 200; looks += 1) {
      await this.desk.ring(60_000)
      for (const account of [...this.desk.accounts, ...this.former]) await this.pull(account)
    }
    // What every account that is left has refused waits for its deadline.
    await this.desk.ring(8 * 86_400_000)
    await this.desk.ring(600_000)
  }
}

async function live(seed: number): Promise<void> {
  const life = new Life(seed)
  for (let steps = 0; steps < 250; steps += 1) await life.step()
  await life.rest()
  const { desk, accepted, started } = life
  const told = new Set(desk.ends.map(({ item }) => item))
  const where = `seed ${seed}`
  expect(
    desk.rows().filter(({ is_gone: isGone }) => isGone === 0),
    where
  ).toEqual([])
  expect(
    desk.rows().filter(({ sealed }) => sealed !== null),
    where
  ).toEqual([])
  for (const item of accepted) {
    const [shown] = desk.line.itemsOf([item])
    const starts = started.get(item) ?? []
    expect(starts.length, `${where}: starts of ${item}`).toBeLessThanOrEqual(1)
    expect(shown?.state, `${where}: ${item}`).toBe(starts.length === 1 ? 'begun' : 'ended')
    expect(told.has(item), `${where}: ${item} is told`).toBe(starts.length === 0)
  }
}

test('whatever is lost, every accepted item starts once or is told once by id, and leaves no body [I3, I4, I6]', async () => {
  for (let seed = 1; seed <= 10; seed += 1) await live(seed)
})

testFull('the same for 300 lives [I3, I4, I6]', async () => {
  for (let seed = 100; seed < 400; seed += 1) await live(seed)
})
