/**
 * What a desk knows for alerts: since when its pool is full, whether something that is queued waits for too long, and whether somebody
 * must be told of low balances. An account's object tells the alerts. While nothing is wrong and nobody asks for balances there is no row.
 */
import { afterRefusal, isOver, mustRaise, type FullPool } from '#domain/alerts/pool-full.ts'
import { watchesBalance } from '#domain/alerts/alert.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { inTime } from '#domain/runtime/in-time.ts'

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS alert_note (name TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID'

export interface DeskAlertsDeps {
  ports(): Ports
  armIn(ms: number): void
  tenant: string
  accountKeys(): string[]
  /** Since when the oldest waits of what is queued and waits for too long. */
  oldSince(): number | undefined
  /** Called when `watchesBalance` has changed. */
  onBalanceWatched(): void
}

type Name = 'pool' | 'queue' | 'balance'

/** `via`: the account whose object was asked to tell it. `isTold`: it answered. */
interface OldQueue {
  via: string
  isTold?: true
}

export class DeskAlerts {
  readonly #sql: SqlStorage
  readonly #deps: DeskAlertsDeps
  /** Only this object writes the rows. */
  #known: Map<string, string> | undefined

  constructor(storage: DurableObjectStorage, deps: DeskAlertsDeps) {
    this.#sql = storage.sql
    this.#deps = deps
    this.#sql.exec(SCHEMA)
  }

  get watchesBalance(): boolean {
    return this.#notes.has('balance')
  }

  /** Whether something was wrong with the pool or the queue, and its recovery was not told. */
  get isFaultNoted(): boolean {
    return this.#notes.has('pool') || this.#notes.has('queue')
  }

  /** Reads the alerts anew, because one for balances was added or removed, or because the desk may not know of them. */
  async refresh(): Promise<void> {
    const alerts = await this.#deps.ports().registrar.alertsFor(this.#deps.tenant)
    const isWanted = watchesBalance(alerts)
    if (isWanted === this.watchesBalance) return
    if (isWanted) this.#save('balance', {})
    else this.#drop('balance')
    this.#deps.onBalanceWatched()
  }

  /** A Worker refused a call because every slot of the pool is taken. */
  async noteFull(): Promise<void> {
    const { ports, armIn } = this.#deps
    const { now, durations } = ports()
    const before = this.#pool
    const pool = afterRefusal(before, now(), durations)
    if (pool !== before) this.#save('pool', pool)
    armIn(durations.poolFreeMs)
    if (mustRaise(pool, now(), durations)) await this.#raise(pool)
  }

  async #raise(full: FullPool): Promise<void> {
    const asked = full.asked ?? this.#deps.accountKeys()[0]
    if (asked === undefined) return
    const { ports, tenant } = this.#deps
    this.#save('pool', { ...full, asked })
    // If it fails, the next refusal tries again.
    await ports().slots(asked).notePool(tenant, full.since)
    const pool = this.#pool
    if (pool) this.#save('pool', { ...pool, via: asked })
  }

  /** Called by the alarm. */
  async runDue(): Promise<void> {
    await this.#lookAtQueue()
    const pool = this.#pool
    if (!pool) return
    const { ports, armIn } = this.#deps
    const { now, durations } = ports()
    if (!isOver(pool, now(), durations))
      return armIn(Math.max(1, pool.lastAt + durations.poolFreeMs - now()))
    if (await this.#recover(pool)) return
    armIn(durations.alertRetryMs)
  }

  /** False: the account's object could not be reached. */
  async #recover({ lastAt, asked, via = asked }: FullPool): Promise<boolean> {
    if (via !== undefined) {
      const ports = this.#deps.ports()
      const telling = inTime(ports, ports.slots(via).notePool(this.#deps.tenant))
      const isTold = await telling.then(() => true).catch(() => false)
      if (!isTold) return false
    }
    const after = this.#pool
    if (!after || after.lastAt === lastAt) this.#drop('pool')
    // A call was refused meanwhile.
    else this.#save('pool', { since: after.lastAt, lastAt: after.lastAt })
    return true
  }

  /** The alarm comes by while something is queued, and while this is noted. What fails is tried again then. */
  async #lookAtQueue(): Promise<void> {
    const { ports, tenant, accountKeys, oldSince, armIn } = this.#deps
    const { alertRetryMs, poolFreeMs } = ports().durations
    const since = oldSince()
    const known = this.#queue
    if (since === undefined && !known) return
    if (since !== undefined && known?.isTold) return armIn(poolFreeMs)
    armIn(alertRetryMs)
    const via = known?.via ?? accountKeys()[0]
    if (via === undefined) return
    if (!known) this.#save('queue', { via })
    const telling = inTime(ports(), ports().slots(via).noteQueue(tenant, since))
    const isTold = await telling.then(() => true).catch(() => false)
    if (!isTold) return
    if (since === undefined) this.#drop('queue')
    else this.#save('queue', { via, isTold })
  }

  get #queue(): OldQueue | undefined {
    const text = this.#notes.get('queue')
    return text === undefined ? undefined : (JSON.parse(text) as OldQueue)
  }

  /** The tenant was removed, and with it what was queued. */
  async close(): Promise<void> {
    await this.#lookAtQueue()
    const pool = this.#pool
    if (pool) await this.#recover(pool)
    this.#drop('balance')
  }

  get #pool(): FullPool | undefined {
    const text = this.#notes.get('pool')
    return text === undefined ? undefined : (JSON.parse(text) as FullPool)
  }

  get #notes(): Map<string, string> {
    this.#known ??= new Map(
      this.#sql
        .exec<{ name: string; record: string }>('SELECT name, record FROM alert_note')
        .toArray()
        .map(({ name, record }) => [name, record])
    )
    return this.#known
  }

  #save(name: Name, value: object): void {
    const record = JSON.stringify(value)
    this.#sql.exec(
      'INSERT INTO alert_note (name, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      name,
      record
    )
    this.#notes.set(name, record)
  }

  #drop(name: Name): void {
    this.#sql.exec('DELETE FROM alert_note WHERE name = ?', name)
    this.#notes.delete(name)
  }
}
