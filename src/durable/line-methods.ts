/** The RPC methods of TenantDesk about the line of queued creations (docs/rfc/0009-queue.md). `line/` does the work. */
import { platform } from '#composition/platform.ts'
import type { Actor } from '#domain/access/audit.ts'
import type { Pause } from '#domain/line/pauses.ts'
import type {
  EnqueueAnswer,
  LinePage,
  LineQuery,
  WorkAnswer,
  WorkAsk,
  WorkReport,
} from '#domain/ports/line.ts'
import type { ItemShown, NewItem } from '#domain/queue/item.ts'
import { RecentMap } from '#domain/runtime/recent-map.ts'
import { KEEP_KEYS_MS } from './desk-tables/key-rows.ts'
import type { DeskParts } from './desk-parts.ts'
import { IdMethods } from './id-methods.ts'

/** How long it is known what a request came to. */
const DONE_MS = 60_000

export abstract class LineMethods extends IdMethods {
  readonly #done = new RecentMap(100)

  protected abstract override readonly parts: IdMethods['parts'] & Pick<DeskParts, 'line' | 'audit'>

  async enqueue(items: NewItem[]): Promise<EnqueueAnswer[]> {
    // A key may come with its item, and is deleted some day.
    if (items.some(({ key }) => key !== undefined)) this.armIn(KEEP_KEYS_MS)
    return this.parts.line.enqueue(items)
  }

  async itemsOf(names: string[]): Promise<ItemShown[]> {
    return this.parts.line.itemsOf(names)
  }

  async namesOf(ids: string[]): Promise<{ id: string; name: string }[]> {
    return this.parts.line.namesOf(ids)
  }

  async cancelItem(
    name: string,
    token?: string,
    isOwn = false
  ): Promise<ItemShown | 'late' | undefined> {
    return this.parts.line.cancel(name, { ...(token === undefined ? {} : { token }), isOwn })
  }

  async cancelItemBy(name: string, by: Actor): Promise<ItemShown | 'late' | undefined> {
    const { line, audit } = this.parts
    return line.cancel(name, { onEnded: () => audit.itemCancelled(by, name) })
  }

  async takeWork(ask: WorkAsk): Promise<WorkAnswer> {
    return this.parts.line.takeWork(ask)
  }

  async report(account: string, reports: WorkReport[]): Promise<string[]> {
    if (reports.some(({ kind }) => kind === 'begun')) this.armIn(this.durations.keepOwnersMs)
    return this.parts.line.report(account, reports)
  }

  pauseLine(pause: Pause, isPaused: boolean, by?: Actor): Promise<Pause[]> {
    return this.once(by, async () => {
      const { line, audit } = this.parts
      audit.pause(by, pause, isPaused)
      if (isPaused) line.pause(pause)
      else line.resume(pause)
      return [...line.pauses()]
    })
  }

  /**
   * A call may come twice, and the second time after another one that ends what it began. So a request is carried out once: what comes
   * again has the first answer. In memory, since the two come within a moment.
   */
  protected once<T>(by: Actor | undefined, work: () => Promise<T>): Promise<T> {
    const name = by?.requestId
    const known = name === undefined ? undefined : this.#done.get(name, platform.now())
    if (known) return known as Promise<T>
    const doing = work()
    if (name === undefined) return doing
    this.#done.set(name, doing, platform.now() + DONE_MS)
    doing.catch(() => this.#done.set(name, undefined, 0))
    return doing
  }

  async listLine(query: LineQuery): Promise<LinePage> {
    return this.parts.line.list(query)
  }

  async tokenChanged(tokenHash: string, removed?: string): Promise<void> {
    return this.parts.line.tokenChanged(tokenHash, removed)
  }
}
