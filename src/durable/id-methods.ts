/** The RPC methods of TenantDesk about ids: which account has them, which jobs they are, and which uploads were copied where. */
import { platform } from '#composition/platform.ts'
import type { SlotsSeen } from '#domain/accounts/seen-full.ts'
import type {
  AssetCopy,
  CopyTurn,
  JobsOf,
  OwnId,
  OwnIdQuery,
  UploadWish,
} from '#domain/ports/desk.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { UsagePlace } from '#domain/usage/usage.ts'
import type { DeskParts } from './desk-parts.ts'
import { SettingsMethods } from './settings-methods.ts'

export abstract class IdMethods extends SettingsMethods {
  protected abstract override readonly parts: SettingsMethods['parts'] &
    Pick<DeskParts, 'uploads' | 'full'>

  async learn(owners: Owner[], seen: SlotsSeen[] = []): Promise<string[]> {
    this.parts.full.note(seen)
    this.armIn(this.durations.keepOwnersMs)
    return this.parts.uploads.learn(owners)
  }

  /** As `learn`, from Workers whose jobs this desk keeps for their accounts' objects (`jobsOf`). */
  async learnJobs(owners: Owner[], seen: SlotsSeen[] = []): Promise<void> {
    await this.learn(owners, seen)
  }

  async jobsOf(requestIds: string[]): Promise<JobsOf[]> {
    return this.parts.tables.jobs.jobsOf(requestIds)
  }

  async ownersOf(ids: string[]): Promise<Owner[]> {
    return this.parts.uploads.ownersOf(ids)
  }

  async usagePlaces(): Promise<UsagePlace[]> {
    const { accounts } = this.parts.tables
    return [
      ...accounts.all,
      ...accounts.formerSince(platform.now() - this.durations.keepUsageMs),
    ].map(({ key, email }) => ({ key, ...(email === undefined ? {} : { email }) }))
  }

  async ownOf(token: string, ids: string[]): Promise<string[]> {
    return this.parts.tables.ownIds.of(token, ids)
  }

  async listOwn(query: OwnIdQuery): Promise<OwnId[]> {
    return this.parts.tables.ownIds.list(query)
  }

  async takeHome(token: string, wish: UploadWish): Promise<string | undefined> {
    return this.parts.uploads.chooseAccount(token, wish)
  }

  async beginCopies(originals: string[], email: string, by: string): Promise<CopyTurn[]> {
    return this.parts.uploads.beginCopies(originals, email, by)
  }

  async endCopies(copies: AssetCopy[], email: string): Promise<void> {
    const isLearned = this.parts.uploads.endCopies(copies, email)
    if (isLearned) this.armIn(this.durations.keepOwnersMs)
  }

  async forgetCopies(copies: AssetCopy[], email: string): Promise<void> {
    this.parts.uploads.forgetCopies(copies, email)
  }

  async takeCopies(original: string, keyStart: string): Promise<{ email: string; copy: string }[]> {
    return this.parts.tables.assetCopies.take(original, keyStart)
  }

  async takeUpload(tokenId: string, bytes: number): Promise<number | undefined> {
    return this.parts.tables.uploadCounts.take(tokenId, bytes, platform.now())
  }
}
