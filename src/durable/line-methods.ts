/**
 * The RPC methods of TenantDesk about the line of queued creations (docs/rfc/0009-queue.md). This release takes no items. The
 * methods are there so that Workers and objects of the next one may call them during a deploy.
 */
import type { EnqueueAnswer, WorkAnswer, WorkAsk, WorkReport } from '#domain/ports/line.ts'
import type { ItemShown, NewItem } from '#domain/queue/item.ts'
import { IdMethods } from './id-methods.ts'

export abstract class LineMethods extends IdMethods {
  async enqueue(items: NewItem[]): Promise<EnqueueAnswer[]> {
    return items.map(() => ({ kind: 'closed' }))
  }

  async itemsOf(_names: string[]): Promise<ItemShown[]> {
    return []
  }

  async cancelItem(_name: string, _token?: string): Promise<ItemShown | 'late' | undefined> {
    return undefined
  }

  async takeWork(_ask: WorkAsk): Promise<WorkAnswer> {
    return { work: [], leave: 0, isMore: false }
  }

  /** No item is here, so no report needs to be written. */
  async report(_account: string, reports: WorkReport[]): Promise<string[]> {
    return reports.map(({ item }) => item)
  }

  async tokenChanged(_tokenHash: string): Promise<void> {}
}
