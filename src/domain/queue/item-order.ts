/**
 * What waits at one desk, in order: the lists, the passes of the tokens, and the choices. It is memory only. The desk writes what
 * it changes in the same step, and after a restart loads it again.
 */
import { headOf, takeTurn, type Head, type Owed, type TokenInLine } from './choose-next.ts'
import { ItemLists, type WaitingItem } from './item-lists.ts'
import { mayStartBy, servesLane, type Pull } from './may-start.ts'
import { additionOf, passAtJoin, raisedPass } from './pass.ts'

/** What the operator says of a token. */
export interface TokenTerms {
  weight: number
  maxPriority: number
}

const USUAL_TERMS: TokenTerms = { weight: 10, maxPriority: 3 }

export class ItemOrder {
  readonly lists = new ItemLists()
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

  /**
   * Puts an item back that was chosen and not started. It has its old place, and its token the share that the choice took, as far
   * as it then has no more to its credit than others may have.
   */
  giveBack(waiting: WaitingItem): boolean {
    const { token, slots } = waiting.sort
    const { weight } = this.#termsOf(token)
    const others = Array.from(this.lists.tokens()).filter((one) => one !== token)
    const smallest = Math.min(...others.map((one) => this.passOf(one)), this.#largest)
    const pass = this.passOf(token) - additionOf(slots, weight)
    this.#passes.set(token, raisedPass(pass, weight, smallest))
    return this.add(waiting)
  }

  /** The item that this account starts next. It leaves the line. Undefined: nothing that it can start now. */
  choose(pull: Pull, now: number): WaitingItem | undefined {
    const owed: Owed = this.#owed.get(pull.account) ?? new Map()
    const turn = takeTurn(this.#heads(pull, now), owed)
    if (!turn) return undefined
    const { of, next } = turn
    this.#owed.set(pull.account, owed)
    this.#raiseOthers(of)
    const pass = of.pass + additionOf(next.sort.slots, of.weight)
    this.#passes.set(of.token, pass)
    this.#largest = Math.max(this.#largest, pass)
    return this.lists.remove(next.item)
  }

  /** The tokens of which something waits. */
  tokens(): TokenInLine[] {
    return Array.from(this.lists.tokens(), (token) => ({
      token,
      pass: this.passOf(token),
      ...this.#termsOf(token),
      lists: this.lists.listsOf(token),
    }))
  }

  #heads(pull: Pull, now: number): Head[] {
    const mayStart = mayStartBy(pull, now)
    const at = { now, stepMs: this.#stepMs }
    return this.tokens().flatMap((of) => {
      if (pull.stopped?.has(of.token)) return []
      const lists = of.lists.filter(({ lane }) => servesLane(pull, lane))
      return headOf(of, lists, at, mayStart) ?? []
    })
  }

  /** Called for an item that comes: a token of which nothing waited joins the others, and is owed nothing. */
  #join(token: string): void {
    if (this.lists.countOf(token) > 0) return
    const waiting = Array.from(this.lists.tokens(), (one) => this.passOf(one))
    this.#passes.set(token, passAtJoin(this.passOf(token), waiting, this.#largest))
    for (const owed of this.#owed.values()) owed.delete(token)
  }

  #raiseOthers(chosen: Pick<TokenInLine, 'token' | 'pass'>): void {
    for (const token of this.lists.tokens()) {
      if (token === chosen.token) continue
      const { weight } = this.#termsOf(token)
      this.#passes.set(token, raisedPass(this.passOf(token), weight, chosen.pass))
    }
  }

  #termsOf(token: string): TokenTerms {
    return this.#terms.get(token) ?? USUAL_TERMS
  }
}
