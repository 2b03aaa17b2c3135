/** The RPC methods of TenantDesk about the line of queued creations (docs/rfc/0009-queue.md). `line/` does the work. */
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
import { KEEP_KEYS_MS } from './desk-tables/key-rows.ts'
import type { DeskParts } from './desk-parts.ts'
import { IdMethods } from './id-methods.ts'

export abstract class LineMethods extends IdMethods {
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

  async pauseLine(pause: Pause, isPaused: boolean, by?: Actor): Promise<Pause[]> {
    const { line, audit } = this.parts
    audit.pause(by, pause, isPaused)
    if (isPaused) line.pause(pause)
    else line.resume(pause)
    return [...line.pauses()]
  }

  async listLine(query: LineQuery): Promise<LinePage> {
    return this.parts.line.list(query)
  }

  async tokenChanged(tokenHash: string, removed?: string): Promise<void> {
    return this.parts.line.tokenChanged(tokenHash, removed)
  }
}
