/** The RPC methods of a desk about tokens with limits on jobs: what they use of their shares. */
import type { JobLimits, ReachedLimit, ShareEnd } from '#domain/limits/share.ts'
import { CreationMethods } from './creation-methods.ts'
import type { DeskParts } from './desk-parts.ts'

export abstract class ShareMethods extends CreationMethods {
  protected abstract override readonly parts: CreationMethods['parts'] &
    Pick<DeskParts, 'shares' | 'line'>

  /** A closed desk counts nothing: no account grants a slot to its tenant. */
  async takeShare(
    token: string,
    limits: JobLimits,
    leaseIds: string[]
  ): Promise<true | ReachedLimit> {
    if (this.parts.tables.accounts.isClosed) return true
    return this.parts.shares.take(token, limits, leaseIds)
  }

  async endShare(leaseIds: string[], how: ShareEnd): Promise<void> {
    this.parts.line.sharesEnded(this.parts.shares.end(leaseIds, how))
  }
}
