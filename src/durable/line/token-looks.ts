/**
 * What the desk knows of the tokens whose items wait. A choice awaits nothing, so tokens are looked at before it. One that was not
 * looked at, or could not be read, is stepped over.
 */
import { shareOf, type TokenRecord } from '#domain/access/token.ts'
import type { JobLimits } from '#domain/limits/share.ts'
import { inTime } from '#domain/runtime/in-time.ts'
import type { LineContext } from './context.ts'

/** As old as any call may find a token. */
const LOOK_EVERY_MS = 30_000
const LOOKS_AT_ONCE = 6
/** A choice waits for it, and the account for the choice. */
const READ_WITHIN_MS = 5000

/** `waits`: it may start nothing now. `gone`: it was removed or has expired. `unknown`: it could not be read. */
type TokenState = 'good' | 'waits' | 'gone' | 'unknown'

interface Look {
  record: TokenRecord | undefined
  /** When it began. */
  at: number
  /** The registrar said that it was removed. A removed token never comes back, and KV may still show it. */
  isRemoved?: true
}

export class TokenLooks {
  readonly #context: Omit<LineContext, 'itemShares' | 'pulls' | 'saidOf'>
  readonly #looks = new Map<string, Look>()
  /** By token. */
  readonly #hashes = new Map<string, string>()

  constructor(context: Omit<LineContext, 'itemShares' | 'pulls' | 'saidOf'>) {
    this.#context = context
  }

  noteHash(token: string, hash: string): void {
    this.#hashes.set(token, hash)
  }

  /** Looks at those that were not looked at lately. One that cannot be read stays unknown. */
  async look(tokens: Iterable<string>): Promise<void> {
    const due = Array.from(new Set(tokens)).filter((token) => this.#isDue(token))
    for (let from = 0; from < due.length; from += LOOKS_AT_ONCE)
      await Promise.all(due.slice(from, from + LOOKS_AT_ONCE).map((token) => this.#lookAt(token)))
  }

  #isDue(token: string): boolean {
    const look = this.#looks.get(token)
    return !look || (look.isRemoved !== true && look.at + LOOK_EVERY_MS <= this.#context.now())
  }

  async #lookAt(token: string): Promise<void> {
    const hash = this.#hashOf(token)
    if (hash === undefined) return
    const at = this.#context.now()
    try {
      const found = await inTime(this.#context.ports(), this.#find(token, hash), READ_WITHIN_MS)
      if (found !== 'limited') this.#note(token, { record: found, at })
    } catch {
      // What was found before counts no longer. The next look asks again.
      if (this.#isDue(token)) this.#looks.delete(token)
    }
  }

  /** KV may have the token as it was before a change that is known here. Then the registrar says how it is. */
  async #find(token: string, hash: string): Promise<TokenRecord | 'limited' | undefined> {
    const { registrar, tokens } = this.#context.ports()
    const found = await tokens.find(hash, async () => false)
    const known = this.#looks.get(token)?.record?.changes ?? 0
    if (!found || found === 'limited' || (found.changes ?? 0) >= known) return found
    tokens.forget(hash)
    return registrar.findToken(hash)
  }

  /** Asks the registrar, because KV may still have the token as it was. Returns the tokens of this line that have the hash. */
  async lookAnew(hash: string): Promise<string[]> {
    const { order, chosen, held } = this.#context.memory.line
    const all = new Set([
      ...order.lists.tokens(),
      ...Array.from(chosen.values(), ({ sort }) => sort.token),
      ...Array.from(held.values(), ({ token }) => token),
    ])
    const tokens = Array.from(all).filter((token) => this.#hashOf(token) === hash)
    if (tokens.length === 0) return []
    const { registrar, tokens: store } = this.#context.ports()
    store.forget(hash)
    const at = this.#context.now()
    const record = await registrar.findToken(hash)
    for (const token of tokens)
      this.#note(token, { record, at, ...(record ? {} : { isRemoved: true }) })
    return tokens
  }

  #note(token: string, look: Look): void {
    const known = this.#looks.get(token)
    // A look that began earlier may end later.
    if (known?.isRemoved || (known && known.at > look.at)) return
    this.#looks.set(token, look)
    const { weight = 10, maxPriority = 3 } = look.record ?? {}
    this.#context.memory.setTerms(token, { weight, maxPriority })
  }

  stateOf(token: string): TokenState {
    const look = this.#looks.get(token)
    if (!look) return 'unknown'
    const { record } = look
    const isOver = record?.expiresAt != null && record.expiresAt <= this.#context.now()
    if (!record || isOver) return 'gone'
    // All that can be queued are creations. A token that may make none any more is like one that has lapsed.
    const mayCreate = record.routes?.includes('jobs') !== false
    return record.subscription === 'active' && mayCreate ? 'good' : 'waits'
  }

  maxQueuedOf(token: string): number | undefined {
    return this.#looks.get(token)?.record?.maxQueued
  }

  /** Undefined: it has none on jobs, or is not known. */
  limitsOf(token: string): JobLimits | undefined {
    const record = this.#looks.get(token)?.record
    return record && shareOf(record)?.limits
  }

  /** Those that may start nothing now, whatever their limits say. */
  stopped(): Set<string> {
    const waiting = Array.from(this.#context.memory.line.order.lists.tokens())
    return new Set(waiting.filter((token) => this.stateOf(token) !== 'good'))
  }

  /** The hash stands in the records of the token's items. After a restart one of them is read. */
  #hashOf(token: string): string | undefined {
    const known = this.#hashes.get(token)
    if (known !== undefined) return known
    const { line, items } = this.#context.memory
    const waiting = line.order.lists.listsOf(token)[0]?.items[0]?.item
    const chosen = () => Array.from(line.chosen).find(([, { sort }]) => sort.token === token)?.[0]
    const held = () => Array.from(line.held).find(([, sort]) => sort.token === token)?.[0]
    const item = waiting ?? chosen() ?? held()
    const hash = item === undefined ? undefined : items.find(item)?.record.tokenHash
    if (hash !== undefined) this.#hashes.set(token, hash)
    return hash
  }
}
