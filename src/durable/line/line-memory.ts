/**
 * The line as the desk has it in memory: the order of what waits, what is chosen, and what ended and was not told. It is read from the
 * rows once after a wake-up. From then on memory and rows change in the same step. After a failed write the memory is read again.
 */
import { ItemOrder, type TokenTerms } from '#domain/queue/item-order.ts'
import { pauseAlso, resumed, type Pause } from '#domain/line/pauses.ts'
import { SavingUp } from '#domain/line/save-up.ts'
import type { WaitingItem } from '#domain/queue/item-lists.ts'
import type { ItemSort } from '#domain/queue/item.ts'
import type { WaitingClient } from '#domain/queue/waiting-clients.ts'
import type { ItemRow, ItemRows } from './item-rows.ts'
import type { Choice, TokenRows } from './token-rows.ts'

/** After so long an item is one step more urgent. Not divided by TIME_SCALE, because jobs take real time. */
export const STEP_MS = 10 * 60_000

export interface Chosen {
  sort: ItemSort
  choice: Choice
}

/** By item. `order` has what waits. */
export interface Line {
  order: ItemOrder
  chosen: Map<string, Chosen>
  untold: Map<string, ItemSort>
  /** What waits for the end of another job. */
  held: Map<string, ItemSort>
  pauses: readonly Pause[]
  savingUp: SavingUp
}

interface Storage {
  transactionSync<T>(work: () => T): T
}

export class LineMemory {
  readonly items: ItemRows
  readonly tokens: TokenRows
  readonly #storage: Storage
  readonly #terms = new Map<string, TokenTerms>()
  /** Clients that wait for a slot. They stand in the order too, and in no row. */
  readonly #clients = new Map<string, WaitingClient>()
  #line: Line | undefined

  readonly #now: () => number
  /** Called after a failed write: what other parts wrote in the same step was not written. */
  onFailed: () => void = () => {}

  constructor(storage: Storage, items: ItemRows, tokens: TokenRows, now: () => number) {
    this.#storage = storage
    this.#now = now
    this.items = items
    this.tokens = tokens
  }

  get line(): Line {
    this.#line ??= this.#read()
    return this.#line
  }

  /** Changes rows and memory together: both, or none. */
  change<T>(work: (line: Line) => T): T {
    const { line } = this
    try {
      return this.#storage.transactionSync(() => work(line))
    } catch (error) {
      this.#line = undefined
      this.onFailed()
      throw error
    }
  }

  setTerms(token: string, terms: TokenTerms): void {
    this.#terms.set(token, terms)
    this.#line?.order.setTerms(token, terms)
  }

  /** `isBack`: the order had sent it to an account that was full. */
  addClient(client: WaitingClient, isBack: boolean): void {
    this.#clients.set(client.item, client)
    if (isBack) this.#line?.order.giveBackClient(client)
    else this.#line?.order.addClient(client)
  }

  removeClient(id: string): void {
    this.#clients.delete(id)
    this.#line?.order.removeClient(id)
  }

  pause(pause: Pause): void {
    this.change((line) => {
      this.tokens.savePause(pause)
      line.pauses = pauseAlso(line.pauses, pause)
    })
  }

  resume(pause: Pause): void {
    this.change((line) => {
      this.tokens.dropPause(pause)
      line.pauses = resumed(line.pauses, pause)
    })
  }

  dropPauses(isOver: (pause: Pause) => boolean): void {
    for (const pause of this.line.pauses) if (isOver(pause)) this.resume(pause)
  }

  /** Writes the token's row as the memory is now. Call it in `change`. */
  saveToken(token: string): void {
    const { order, chosen } = this.line
    const own = Array.from(chosen).filter(([, { sort }]) => sort.token === token)
    const choices = own.map(([item, { choice }]) => [item, choice] as const)
    const terms = this.#terms.get(token)
    this.tokens.save(token, {
      pass: order.passOf(token),
      at: this.#now(),
      ...(terms ? { terms } : {}),
      chosen: Object.fromEntries(choices),
    })
  }

  /** How much counts for the caps: what waits and what is chosen. */
  load(token: string): { items: number; bytes: number; ofToken: number } {
    const { order, chosen, held } = this.line
    const all = [...chosen.values(), ...Array.from(held.values(), (sort) => ({ sort }))]
    return {
      items: order.lists.count + all.length,
      bytes: order.lists.bytes + all.reduce((sum, { sort }) => sum + sort.bytes, 0),
      ofToken: order.lists.countOf(token) + all.filter(({ sort }) => sort.token === token).length,
    }
  }

  /** The state of an item, from its row and what is chosen. */
  stateOf({ item, isGone, sort, record }: ItemRow) {
    if (isGone) return record.leaseId === undefined ? 'ended' : 'begun'
    return this.line.chosen.has(item) ? 'chosen' : sort.state
  }

  /** Something waits, is chosen, or was not told. */
  get owesAnything(): boolean {
    if (!this.#line) return this.items.owesAnything
    const { order, chosen, untold, held } = this.#line
    return order.lists.count + chosen.size + untold.size + held.size > 0
  }

  forgetAll(): void {
    this.#line = undefined
    this.items.forgetAll()
    this.tokens.forgetAll()
  }

  #read(): Line {
    const order = new ItemOrder(STEP_MS)
    const lines = this.tokens.all()
    for (const [token, { terms }] of lines)
      if (terms && !this.#terms.has(token)) this.#terms.set(token, terms)
    for (const [token, terms] of this.#terms) order.setTerms(token, terms)
    const chosen: Line['chosen'] = new Map()
    const untold: Line['untold'] = new Map()
    const held: Line['held'] = new Map()
    const waiting: WaitingItem[] = []
    for (const { item, sort } of this.items.owed()) {
      const choice = lines.get(sort.token)?.chosen[item]
      if (sort.state === 'held') held.set(item, sort)
      else if (sort.state === 'untold') untold.set(item, sort)
      else if (choice) chosen.set(item, { sort, choice })
      else waiting.push({ item, sort })
    }
    order.load(new Map(Array.from(lines, ([token, { pass }]) => [token, pass])), waiting)
    for (const client of this.#clients.values()) order.addClient(client)
    const savingUp = new SavingUp()
    return { order, chosen, untold, held, savingUp, pauses: this.tokens.pauses() }
  }
}
