/**
 * What waits at one desk, in order: the lists, the passes of the tokens, and the choices. It is memory only. The desk writes what
 * it changes in the same step, and after a restart loads it again. Waiting clients are written nowhere: their connections end with
 * the desk's memory, and they ask again.
 */
import {
  clientOrItem,
  headOf,
  takeTurn,
  type Head,
  type Owed,
  type TokenInLine,
} from './choose-next.ts'
import { ItemLists, type WaitingItem } from './item-lists.ts'
import { asIfEmpty, mayStartBy, servesLane, type Pull } from './may-start.ts'
import { additionOf, passAtJoin, raisedPass } from './pass.ts'
import { mayServeBy, type WaitingClient } from './waiting-clients.ts'

/** What the operator says of a token. */
export interface TokenTerms {
  weight: number
  maxPriority: number
}

/** Whose turn it is: an item, which the account starts, or a client, which is sent to the account. */
type Turn = { kind: 'item'; waiting: WaitingItem } | { kind: 'client'; waiting: WaitingClient }

const USUAL_TERMS: TokenTerms = { weight: 10, maxPriority: 3 }

export class ItemOrder {
  readonly lists = new ItemLists()
  readonly #clients = new ItemLists()
  readonly #clientById = new Map<string, WaitingClient>()
  readonly #stepMs: number
  readonly #passes = new Map<string, number>()
  readonly #terms = new Map<string, TokenTerms>()
  /** By account: what it owes each token. An item of one lane is passed over by the choices of that account only. */
  readonly #owed = new Map<string, Owed>()
  #largest = 0

  /** `stepMs`: after which time an item is one step more urgent. */
  constructor(stepMs: number) {
    this.#stepMs = stepMs
  }

  /**
   * Takes what was stored. A pass is written when its token is chosen, and not when it joins or is raised, so it is raised here
   * again: else a token that had not been chosen for long would take all slots after a restart. Now it takes ten more at most.
   */
  load(passes: ReadonlyMap<string, number>, items: Iterable<WaitingItem>): void {
    this.#largest = Math.max(0, ...passes.values())
    for (const waiting of items) this.lists.add(waiting)
    for (const [token, pass] of passes) this.#passes.set(token, pass)
    for (const token of this.lists.tokens()) {
      const { weight } = this.#termsOf(token)
      this.#passes.set(token, raisedPass(this.passOf(token), weight, this.#largest))
    }
  }

  setTerms(token: string, terms: TokenTerms): void {
    this.#terms.set(token, terms)
  }

  passOf(token: string): number {
    return this.#passes.get(token) ?? 0
  }

  /** False: it is there already. */
  add(waiting: WaitingItem): boolean {
    this.#join(waiting.sort.token)
    return this.lists.add(waiting)
  }

  remove(item: string): WaitingItem | undefined {
    return this.lists.remove(item)
  }

  /** False: it waits already. A client that comes back to its old place is added again (`giveBackClient`). */
  addClient(client: WaitingClient): boolean {
    if (this.#clientById.has(client.item)) return false
    this.#join(client.sort.token)
    this.#clientById.set(client.item, client)
    return this.#clients.add(client)
  }

  /** It was served, gave up, or has gone. */
  removeClient(id: string): WaitingClient | undefined {
    const client = this.#clientById.get(id)
    this.#clientById.delete(id)
    this.#clients.remove(id)
    return client
  }

  /**
   * Puts an item back that was chosen and not started. It has its old place, and its token the share that the choice took, as far
   * as it then has no more to its credit than others may have.
   */
  giveBack(waiting: WaitingItem): boolean {
    this.refund(waiting)
    return this.add(waiting)
  }

  /** The same for a client that found the account full. */
  giveBackClient(client: WaitingClient): boolean {
    this.refund(client)
    return this.addClient(client)
  }

  /** For what was chosen and not started: its token has the share that the choice took. */
  refund({ sort: { token, slots } }: WaitingItem): void {
    const { weight } = this.#termsOf(token)
    const others = this.#tokensWaiting().filter((one) => one !== token)
    const smallest = Math.min(...others.map((one) => this.passOf(one)), this.#largest)
    const pass = this.passOf(token) - additionOf(slots, weight)
    this.#passes.set(token, raisedPass(pass, weight, smallest))
  }

  /** The item that this account starts next. It leaves the line. Undefined: nothing that it can start now. Clients do not count. */
  choose(pull: Pull, now: number): WaitingItem | undefined {
    const turn = this.#take(this.#heads(pull, now, 'items'), pull)
    return turn && this.lists.remove(turn.next.item)
  }

  /** The same, of items and waiting clients in one order. */
  chooseTurn(pull: Pull, now: number): Turn | undefined {
    const heads = this.#heads(pull, now, 'all')
    const turn = this.#take(heads, pull, this.#tooWide(heads, pull, now))
    if (!turn) return undefined
    const client = this.removeClient(turn.next.item)
    if (client) return { kind: 'client', waiting: client }
    this.lists.remove(turn.next.item)
    return { kind: 'item', waiting: turn.next }
  }

  /** Whose turn it would be at this account, as if nothing ran there. Changes nothing. `isLate`: it has waited a whole step. */
  peek(pull: Pull, now: number): Pick<Head, 'next' | 'isLate'> | undefined {
    const heads = this.#heads(asIfEmpty(pull), now, 'all')
    return takeTurn(heads, new Map(this.#owed.get(pull.account)))
  }

  /** Whether anything would start at this account now. */
  fits(pull: Pull, now: number): boolean {
    return this.#heads(pull, now, 'all').length > 0
  }

  /** What has waited a whole step and needs more slots than are free, of tokens that have nothing else to start here. */
  #tooWide(heads: readonly Head[], pull: Pull, now: number): Head[] {
    if (this.lists.wide === 0) return []
    const able = new Set(heads.map(({ of }) => of.token))
    const wider = this.#heads(asIfEmpty(pull), now, 'items')
    return wider.filter(({ of, isLate }) => isLate && !able.has(of.token))
  }

  #take(heads: Head[], { account }: Pull, tooWide?: Head[]): Head | undefined {
    const owed: Owed = this.#owed.get(account) ?? new Map()
    const turn = takeTurn(heads, owed, tooWide)
    if (!turn) return undefined
    const { of, next } = turn
    this.#owed.set(account, owed)
    this.#raiseOthers(of)
    const pass = of.pass + additionOf(next.sort.slots, of.weight)
    this.#passes.set(of.token, pass)
    this.#largest = Math.max(this.#largest, pass)
    return turn
  }

  /** The tokens of which something waits. */
  tokens(): TokenInLine[] {
    return this.#tokensWaiting().map((token) => ({
      token,
      pass: this.passOf(token),
      ...this.#termsOf(token),
      lists: this.lists.listsOf(token),
      clients: this.#clients.listsOf(token),
    }))
  }

  #tokensWaiting(): string[] {
    return [...new Set([...this.lists.tokens(), ...this.#clients.tokens()])]
  }

  #heads(pull: Pull, now: number, which: 'items' | 'all'): Head[] {
    const mayStart = mayStartBy(pull, now)
    const mayServe = mayServeBy(pull, now)
    const at = { now, stepMs: this.#stepMs }
    return this.tokens().flatMap((of) => {
      const isStopped = pull.stopped?.has(of.token) === true
      const lists = of.lists.filter(({ lane }) => servesLane(pull, lane))
      const item = isStopped ? undefined : headOf(of, lists, at, mayStart)
      const clients = which === 'all' ? (of.clients ?? []) : []
      return clientOrItem(headOf(of, clients, at, mayServe), item) ?? []
    })
  }

  /** Called for an item or a client that comes: a token of which nothing waited joins the others, and is owed nothing. */
  #join(token: string): void {
    if (this.lists.countOf(token) + this.#clients.countOf(token) > 0) return
    const waiting = this.#tokensWaiting().map((one) => this.passOf(one))
    this.#passes.set(token, passAtJoin(this.passOf(token), waiting, this.#largest))
    for (const owed of this.#owed.values()) owed.delete(token)
  }

  #raiseOthers(chosen: Pick<TokenInLine, 'token' | 'pass'>): void {
    for (const token of this.#tokensWaiting()) {
      if (token === chosen.token) continue
      const { weight } = this.#termsOf(token)
      this.#passes.set(token, raisedPass(this.passOf(token), weight, chosen.pass))
    }
  }

  #termsOf(token: string): TokenTerms {
    return this.#terms.get(token) ?? USUAL_TERMS
  }
}
