/** The RPC methods of a desk about creations: their keys, and their outcomes where these are unknown. */
import { platform } from '#composition/platform.ts'
import { sameEmail } from '#domain/accounts/account.ts'
import type { KeyEnd, KeyTurn } from '#domain/creations/idempotency.ts'
import type { Made, UnknownCreation } from '#domain/ports/desk.ts'
import type { Durations } from '#domain/runtime/durations.ts'
import { KEEP_MADE_MS } from '#durable/desk-tables/job-rows.ts'
import { KEEP_KEYS_MS } from '#durable/desk-tables/key-rows.ts'
import type { DeskParts } from './desk-parts.ts'
import { HubMethods } from './hub-methods.ts'

export abstract class CreationMethods extends HubMethods {
  protected abstract override readonly parts: HubMethods['parts'] &
    Pick<DeskParts, 'keys' | 'unknown' | 'kv' | 'tables'>

  protected abstract get durations(): Durations

  /** Sets the alarm, in so many milliseconds at the latest. */
  protected abstract armIn(ms: number): void

  /** For older Workers. Newer ones call madeBy. */
  async isMadeElsewhere(requestId: string, email: string): Promise<boolean> {
    const [made] = this.parts.tables.jobs.jobsOf([requestId])
    return made !== undefined && !sameEmail(made.email, email)
  }

  async noteMade(requestId: string, made: Made): Promise<void> {
    this.parts.tables.jobs.saveMade(requestId, made)
    this.armIn(KEEP_MADE_MS)
  }

  async madeBy(requestId: string): Promise<Made | undefined> {
    return this.parts.tables.jobs.jobsOf([requestId])[0]
  }

  async beginKey(name: string, requestId: string): Promise<KeyTurn> {
    const turn = this.parts.keys.begin(name, requestId)
    if (turn.kind === 'fresh') this.armIn(KEEP_KEYS_MS)
    return turn
  }

  async endKey(name: string, requestId: string, end: KeyEnd): Promise<void> {
    this.parts.keys.end(name, requestId, end)
  }

  async requestsOfKey(key: string): Promise<string[]> {
    return this.parts.keys.requestsOf(key)
  }

  /**
   * Saves a creation of unknown outcome. KV says to every isolate until when to ask for repeats. KV is written at most every ten
   * minutes.
   */
  async noteUnknown(print: string, unknown: UnknownCreation): Promise<void> {
    if (!this.parts.unknown.save(print, unknown, platform.now(), this.durations.joinMs)) return
    this.parts.tables.touchAccounts()
    await this.parts.kv.write()
  }

  async unknownOf(print: string): Promise<UnknownCreation | undefined> {
    return this.parts.unknown.find(print, platform.now(), this.durations.joinMs)
  }

  async forgetUnknown(print: string, requestId: string): Promise<void> {
    this.parts.unknown.forget(print, requestId, platform.now(), this.durations.joinMs)
  }
}
