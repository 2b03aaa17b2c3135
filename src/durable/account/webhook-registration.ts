/**
 * An account's webhook from the object's side: wanted when the account is added or touched, registered and looked
 * after by the alarm, and removed before the account's credential is wiped.
 */
import type { Account } from '#domain/accounts/account.ts'
import { failedHook, isHookDue, mayBeThere, wantedHook } from '#domain/events/webhook.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { SlotsView } from '#domain/ports/slots.ts'
import { removeHook, tendHook } from '#flows/events/maintain-webhook.ts'
import { isReachable } from '#flows/events/tickets.ts'
import { getProvider } from '#providers/index.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

export class WebhookRegistration {
  readonly #tables: SlotsTables
  readonly #ports: () => Ports
  /** The account was removed and nothing of it is waited for. */
  readonly #isDone: () => boolean

  constructor(tables: SlotsTables, ports: () => Ports, isDone: () => boolean) {
    this.#tables = tables
    this.#ports = ports
    this.#isDone = isDone
  }

  /** The address of another tenant's webhook lets nothing in any more. */
  wantFor(account: Account, before: Account | undefined): void {
    const { events } = getProvider(account.provider)
    if (!events?.webhooks || !isReachable(this.#ports(), account.publicOrigin)) return
    const hook = before?.tenant === account.tenant ? this.#tables.hook() : undefined
    this.#tables.saveHook(wantedHook(hook, Date.now()))
  }

  dueAt(): number | undefined {
    return this.#tables.account() && this.#tables.hook()?.nextAt
  }

  failure(): SlotsView['hookFailure'] {
    const { state, message = '', nextAt: retryAt = 0 } = this.#tables.hook() ?? {}
    return state === 'failed' ? { message, retryAt } : undefined
  }

  async tend(): Promise<void> {
    const account = this.#tables.account()
    const hook = this.#tables.hook()
    if (!account || !isHookDue(hook, Date.now())) return
    if (this.#isDone()) return this.#remove(account)
    const ports = this.#ports()
    const provider = getProvider(account.provider)
    const tended = await tendHook(ports, provider, account, hook)
    // Meanwhile the account may have been wiped, or taken by somebody else: then nobody would ever remove this one.
    if (this.#tables.account()?.tenant !== account.tenant) {
      await removeHook(ports, provider, account, tended)
      return
    }
    this.#tables.saveHook(tended)
    if (tended.state !== 'failed') return
    ports.log('webhook_failed', { email: account.email, message: tended.message })
  }

  /** Tried until it is gone, but the credential is not kept for it beyond 48 h. */
  async #remove(account: Account): Promise<void> {
    const hook = this.#tables.hook()
    const ports = this.#ports()
    const isGone = await removeHook(ports, getProvider(account.provider), account, hook)
    if (!this.#isDone()) return
    if (isGone || this.#isHopeless() || !hook) return this.#forget()
    this.#tables.saveHook(failedHook(hook, 'it could not be removed', Date.now(), ports.durations))
  }

  /** The credential is needed to remove the webhook: true when the alarm has to do that first. */
  wipe(): boolean {
    const hook = this.#tables.hook()
    if (!this.#tables.account()) return false
    if (!mayBeThere(hook)) {
      this.#forget()
      return false
    }
    // What failed before the account was removed does not wait for its turn; what failed at its removal does, for 48 h.
    const isOlder = hook.checkedAt <= (this.#tables.retiredAt() ?? 0)
    const isPressing = isOlder || this.#isHopeless()
    const isLater = hook.nextAt === undefined || (isPressing && hook.nextAt > Date.now())
    if (isLater) this.#tables.saveHook(wantedHook(hook, Date.now()))
    return true
  }

  #isHopeless(): boolean {
    const retiredAt = this.#tables.retiredAt() ?? Date.now()
    return Date.now() - retiredAt >= this.#ports().durations.lostMs
  }

  /** Nothing is waited for: the webhook is removed with a credential that is no longer here. */
  async wipeNow(): Promise<void> {
    const account = this.#tables.account()
    const hook = this.#tables.hook()
    this.#forget()
    if (!account) return
    await removeHook(this.#ports(), getProvider(account.provider), account, hook).catch(() => {})
  }

  #forget(): void {
    this.#tables.wipeAccount()
    this.#tables.dropHook()
  }
}
