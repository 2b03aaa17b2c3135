/**
 * The storage of one object: SQLite and an alarm. What one turn writes is durable together or not at all. It becomes durable some
 * milliseconds later (a flush); until then the output gate is shut. A crash keeps the turns before some point and loses the rest.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Cursor, type Row } from './cursor.ts'
import type { OutputGate } from '../world/party.ts'
import type { World } from '../world/world.ts'
import type { WorldEvent } from '../world/queue.ts'

/** Where the writes of a turn begin, and the alarm at that time. */
interface Mark {
  name: string
  alarm: number | null
}

const FLUSH_MS = { least: 1, most: 15 }

/** How often what goes wrong, from 0 to 1. */
export interface DiskRates {
  /** The object dies right after a statement that writes, or after the alarm was set. */
  crashAtStatement: number
  /** The object dies after a turn, before what it wrote is durable. */
  crashBeforeFlush: number
}

const CALM_DISK: DiskRates = { crashAtStatement: 0, crashBeforeFlush: 0 }

/** Thrown by a statement of an instance that has died. Nothing that its code does afterwards has an effect. */
export class Dead extends Error {}

export class Disk implements OutputGate {
  readonly name: string
  readonly rows = { read: 0, written: 0 }
  /** Epoch ms. null: none is set. What the object's code sees. */
  alarm: number | null = null
  rates: () => DiskRates = () => CALM_DISK
  /** The object dies. `isInTurn`: in the middle of its code. */
  onDeath: (why: string, isInTurn: boolean) => void = () => {}
  /** Called after a flush and after a crash, when the durable alarm may be another. */
  onDurable: () => void = () => {}
  readonly #world: World
  readonly #database = new DatabaseSync(':memory:')
  readonly #statements = new Map<string, StatementSync>()
  readonly #changes: StatementSync
  #durableAlarm: number | null = null
  /** The alarm has rung and its object has set no other. It stays durable until `endAlarm`. */
  #isRinging = false
  #marks: Mark[] | undefined
  /** The turn of the last write. */
  #turn = -1
  #flush: WorldEvent | undefined
  #waiting: (() => void)[] = []

  constructor(world: World, name: string) {
    this.#world = world
    this.name = name
    this.#changes = this.#database.prepare('SELECT changes() AS n')
  }

  get isShut(): boolean {
    return this.#marks !== undefined
  }

  afterOpening(run: () => void): void {
    this.#waiting.push(run)
  }

  get durableAlarm(): number | null {
    return this.#durableAlarm
  }

  exec(text: string, values: SQLInputValue[]): Cursor {
    const isRead = isReading(text)
    if (!isRead) this.#beginWrite()
    const cursor =
      isRead || /^\s*(?:INSERT|UPDATE|DELETE|REPLACE|WITH)\b/i.test(text)
        ? this.#run(text, values, isRead)
        : this.#define(text)
    this.rows.read += cursor.rowsRead
    this.rows.written += cursor.rowsWritten
    if (!isRead) this.#burn()
    return cursor
  }

  #run(text: string, values: SQLInputValue[], isRead: boolean): Cursor {
    const statement = this.#prepared(text)
    const inputs = values.map(toInput)
    const isAnswered = isRead || /\bRETURNING\b/i.test(text)
    const changes = isAnswered ? undefined : Number(statement.run(...inputs).changes)
    const rows = isAnswered ? (statement.all(...inputs) as Row[]) : []
    if (isRead) return new Cursor(rows, namesOf(statement), 0)
    const written = changes ?? Number((this.#changes.get() as { n: number }).n)
    this.#world.note(`write ${this.name} ${written}`, text + JSON.stringify(values))
    return new Cursor(rows, isAnswered ? namesOf(statement) : [], written)
  }

  /** A table that is there already costs no row, so those that are made are not counted. */
  #define(text: string): Cursor {
    this.#database.exec(text)
    return new Cursor([], [], 0)
  }

  #prepared(text: string): StatementSync {
    const known = this.#statements.get(text)
    if (known) return known
    const statement = this.#database.prepare(text)
    this.#statements.set(text, statement)
    return statement
  }

  transactionSync<T>(work: () => T): T {
    this.#beginWrite()
    this.#database.exec('SAVEPOINT nested')
    let done: T
    try {
      done = work()
    } catch (error) {
      if (!(error instanceof Dead)) this.#database.exec('ROLLBACK TO nested; RELEASE nested')
      throw error
    }
    this.#database.exec('RELEASE nested')
    return done
  }

  setAlarm(at: number | null): void {
    this.#beginWrite()
    this.alarm = at
    this.#isRinging = false
    if (at !== null) this.rows.written += 1
    this.#world.note(`alarm ${this.name} ${at}`)
    this.#burn()
  }

  /** The alarm rings: its object sees none set, but it stays durable until it has run. */
  takeAlarm(): void {
    this.alarm = null
    this.#isRinging = true
  }

  /** The alarm has run. It is gone, unless its object has set another. */
  endAlarm(): void {
    if (this.#isRinging) this.#durableAlarm = null
    this.#isRinging = false
  }

  /** Reads without counting, for checkers. */
  look(text: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(text).all(...values) as Row[]
  }

  /** All that the tables hold, as text, by table. For checkers. */
  texts(): [string, string][] {
    const tables = this.look("SELECT name FROM sqlite_master WHERE type = 'table'")
    return tables.map(({ name }) => [
      String(name),
      JSON.stringify(this.look(`SELECT * FROM "${String(name)}"`)),
    ])
  }

  #beginWrite(): void {
    const { turn } = this.#world
    if (this.#turn === turn && this.#marks) return
    this.#turn = turn
    if (this.#marks === undefined) {
      this.#database.exec('BEGIN')
      this.#marks = []
    } else {
      const name = `turn${turn}`
      this.#database.exec(`SAVEPOINT ${name}`)
      this.#marks.push({ name, alarm: this.alarm })
    }
    if (this.#flush) return
    const { chance } = this.#world
    const ms = chance.between('flush', FLUSH_MS.least, FLUSH_MS.most)
    const isLost = chance.isHit('crash before flush', this.rates().crashBeforeFlush)
    const end = () => (isLost ? this.onDeath('before flush', false) : this.flush())
    this.#flush = this.#world.after(ms, `flush ${this.name}`, undefined, end)
  }

  #burn(): void {
    if (!this.#world.chance.isHit('crash at statement', this.rates().crashAtStatement)) return
    this.onDeath('statement', true)
    throw new Dead(`${this.name} died`)
  }

  flush(): void {
    if (!this.#marks) return
    this.#database.exec('COMMIT')
    this.#keepAlarm(this.alarm)
    this.#end()
    const waiting = this.#waiting
    this.#waiting = []
    this.onDurable()
    for (const run of waiting) run()
  }

  /** What is not durable is lost, from some turn on; `isInTurn`: the turn that is under way is lost in any case. */
  crash(isInTurn: boolean): void {
    this.#waiting = []
    if (this.#marks) {
      const isPartial = isInTurn && this.#turn === this.#world.turn
      const turns = this.#marks.length + (isPartial ? 0 : 1)
      const kept = this.#world.chance.index('turns kept', turns + 1)
      this.#world.note(`crash ${this.name} keeps ${kept} of ${this.#marks.length + 1}`)
      const lost = this.#marks[kept - 1]
      if (kept === 0) this.#database.exec('ROLLBACK')
      else this.#database.exec(lost ? `ROLLBACK TO ${lost.name}; COMMIT` : 'COMMIT')
      if (kept > 0) this.#keepAlarm(lost ? lost.alarm : this.alarm)
      this.#end()
    }
    this.alarm = this.#durableAlarm
    this.#isRinging = false
    this.onDurable()
  }

  #keepAlarm(alarm: number | null): void {
    if (alarm !== null || !this.#isRinging) this.#durableAlarm = alarm
  }

  #end(): void {
    if (this.#flush) this.#flush.isDropped = true
    this.#flush = undefined
    this.#marks = undefined
  }

  close(): void {
    this.#database.close()
  }
}

function namesOf(statement: StatementSync): string[] {
  return statement.columns().map(({ name }) => name)
}

function isReading(text: string): boolean {
  if (/^\s*(?:SELECT|EXPLAIN)\b/i.test(text)) return true
  return /^\s*WITH\b/i.test(text) && !/\b(?:INSERT|UPDATE|DELETE|REPLACE)\b/i.test(text)
}

function toInput(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return Number(value)
  if (value === undefined) return null
  return value instanceof ArrayBuffer ? new Uint8Array(value) : (value as SQLInputValue)
}
