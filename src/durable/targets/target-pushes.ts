/**
 * Pushes a tenant's delivery targets to its accounts' objects when they change, so that the end of a job asks the desk nothing. One
 * row says which version is the newest, and which accounts have not confirmed it. It is written in the same step as the change, and
 * the alarm pushes until every account has confirmed.
 */
import type { DeliveryTargets, PushedTargets } from '#domain/events/endpoint.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { hexHashNow } from '#domain/text/hash.ts'
import { askReachable } from '#flows/upstream/ask-reachable.ts'

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS target_push (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL)'

/** How long the answer to a change waits for the accounts. */
const WAIT_MS = 2000
const AT_ONCE = 6
const IN_AN_ALARM = 60
/** The pause before the alarm pushes, doubled after each failure. */
const RETRY_MS = 5000
const RETRY_MAX_MS = 600_000

export interface TargetPushesDeps {
  ports(): Ports
  /** Also works while the settings are malformed. */
  now(): number
  armIn(ms: number): void
  tenant: string
  accountKeys(): string[]
  /** The targets as they are now. */
  read(): DeliveryTargets
}

interface State {
  version: number
  /** A hash of the targets of this version. */
  print: string
  /** Keys of accounts whose objects may not have this version. */
  unconfirmed: string[]
}

export class TargetPushes {
  readonly #sql: SqlStorage
  readonly #deps: TargetPushesDeps
  /** Only this object writes the row. */
  #known: State | undefined
  #running = 0
  #failures = 0

  constructor(storage: DurableObjectStorage, deps: TargetPushesDeps) {
    this.#sql = storage.sql
    this.#deps = deps
    this.#sql.exec(SCHEMA)
  }

  /** When the object wakes up. An older Worker, which does not push, may have changed the targets meanwhile. */
  resume(): void {
    if (printOf(this.#deps.read()) !== this.#state.print) this.change()
  }

  /**
   * Notes that the targets changed. Must be called in the step that changed them. The version contains the time, so that it also
   * grows after the desk's storage was put back to an earlier state.
   */
  change(): void {
    const { now, read, accountKeys } = this.#deps
    const version = Math.max(this.#state.version + 1, now())
    this.#save({ version, print: printOf(read()), unconfirmed: accountKeys() })
  }

  current(): PushedTargets {
    return { ...this.#deps.read(), version: this.#state.version }
  }

  /** Notes that an account was claimed with these targets. A change during the claim did not reach it. */
  noteClaimed(key: string, claimedWith: PushedTargets): void {
    const { version, unconfirmed } = this.#state
    if (version === claimedWith.version || unconfirmed.includes(key)) return
    this.#save({ ...this.#state, unconfirmed: [...unconfirmed, key] })
  }

  /** How many accounts may not have the newest version. */
  get unconfirmed(): number {
    return this.#state.unconfirmed.length
  }

  /** Pushes the newest version. Resolves when every account has confirmed it, or after two seconds. Never throws. */
  async push(): Promise<void> {
    const ports = this.#deps.ports()
    const pushing = this.#pushTo(this.#state.unconfirmed)
    ports.defer(pushing)
    const isOver = new AbortController()
    await Promise.race([pushing, ports.after(WAIT_MS, isOver.signal)])
    isOver.abort()
  }

  /** Pushes after a change, and passes on what the change came to. */
  async pushedAfter<T>(result: T): Promise<T> {
    await this.push()
    return result
  }

  /** Called by the alarm. */
  async runDue(): Promise<void> {
    if (this.unconfirmed === 0) return
    if (this.#running > 0) return this.#deps.armIn(RETRY_MS)
    await this.#pushTo(this.#state.unconfirmed.slice(0, IN_AN_ALARM))
    if (this.unconfirmed > 0) this.#armAgain()
  }

  /** The tenant was removed. */
  forget(): void {
    this.#sql.exec('DELETE FROM target_push WHERE id = 1')
    this.#known = undefined
  }

  /** Confirmed and removed accounts leave the row with one write, however many there were. */
  async #pushTo(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return
    const { tenant, accountKeys } = this.#deps
    const ports = this.#deps.ports()
    const targets = this.current()
    const present = new Set(accountKeys())
    const asked = keys.filter((key) => present.has(key))
    const tell = (key: string) => ports.slots(key).takeTargets(tenant, targets)
    this.#running += 1
    const { missing } = await askReachable(ports, asked, tell, AT_ONCE).finally(() => {
      this.#running -= 1
    })
    const failed = new Set(missing)
    this.#failures = failed.size === 0 ? 0 : this.#failures + 1
    // A newer version is pushed to all accounts again.
    if (this.#state.version !== targets.version) return
    const done = new Set(keys.filter((key) => !failed.has(key)))
    const left = this.#state.unconfirmed.filter((key) => !done.has(key))
    // An account that failed moves behind the others, so that it never keeps them from their turn.
    const unconfirmed = left.toSorted((a, b) => +failed.has(a) - +failed.has(b))
    if (String(unconfirmed) !== String(this.#state.unconfirmed))
      this.#save({ ...this.#state, unconfirmed })
  }

  #armAgain(): void {
    this.#deps.armIn(Math.min(RETRY_MS * 2 ** this.#failures, RETRY_MAX_MS))
  }

  get #state(): State {
    this.#known ??= this.#read()
    return this.#known
  }

  #read(): State {
    const sql = 'SELECT record FROM target_push WHERE id = 1'
    const [row] = this.#sql.exec<{ record: string }>(sql).toArray()
    return row ? (JSON.parse(row.record) as State) : NOTHING_PUSHED
  }

  #save(state: State): void {
    this.#sql.exec(
      'INSERT INTO target_push (id, record) VALUES (1, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      JSON.stringify(state)
    )
    this.#known = state
    if (state.unconfirmed.length > 0) this.#armAgain()
  }
}

function printOf(targets: DeliveryTargets): string {
  return hexHashNow(JSON.stringify(targets))
}

const NOTHING_PUSHED: State = {
  version: 0,
  print: printOf({ endpoints: [] }),
  unconfirmed: [],
}
