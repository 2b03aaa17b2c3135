/**
 * Our webhook at this account: requested when the account is added or changed, registered and checked by the alarm, and
 * removed before the account's credential is wiped. domain/events/webhook.ts decides, flows/events/maintain-webhook.ts asks.
 */
import type { Account } from '#domain/accounts/account.ts'
import { mayAsk } from '#domain/accounts/imported.ts'
import {
  checkHookNow,
  failedHook,
  isHookDue,
  isRemovalOver,
  mayBeRegistered,
  removeHookNow,
  type Hook,
  type HookRemoval,
} from '#domain/events/webhook.ts'
import type { SlotsView } from '#domain/ports/slots.ts'
import { maintainHook, removeHook } from '#flows/events/maintain-webhook.ts'
import { isReachable } from '#flows/events/tickets.ts'
import type { AccountContext } from './context.ts'

export class WebhookRegistration {
  readonly #context: AccountContext
  /** Whether the account was removed and nothing needs its credential any more. */
  readonly #isDone: () => boolean

  constructor(context: AccountContext, isDone: () => boolean) {
    this.#context = context
    this.#isDone = isDone
  }

  /** Requests a webhook. It does not reuse the registration of another tenant, because that address names that tenant. */
  request(account: Account, before: Account | undefined): void {
    const { tables, now, ports, provider } = this.#context
    const { events } = provider()
    if (!events?.webhooks || !isReachable(ports(), account.publicOrigin)) return
    const hook = before?.tenant === account.tenant ? tables.hook() : undefined
    tables.saveHook(checkHookNow(hook, now()))
  }

  /** The registration of the tenant that had the account before an import. Once it is unparked, the account gets one of its own. */
  dropOf(before: Account | undefined, tenant: string): void {
    if (before?.tenant !== tenant) this.#context.tables.dropHook()
  }

  dueAt(): number | undefined {
    const { tables } = this.#context
    return this.#isAsked() ? tables.hook()?.nextAt : undefined
  }

  /** Also if it is imported, once it is removed: then its object wipes it. */
  #isAsked(): boolean {
    const account = this.#context.tables.account()
    return mayAsk(account) || (account !== undefined && this.#isDone())
  }

  failure(): SlotsView['hookFailure'] {
    const { state, message = '', nextAt: retryAt = 0 } = this.#context.tables.hook() ?? {}
    return state === 'failed' ? { message, retryAt } : undefined
  }

  async maintain(): Promise<void> {
    const { tables, now } = this.#context
    const account = tables.account()
    const hook = tables.hook()
    if (!account || !this.#isAsked() || !isHookDue(hook, now())) return
    if (this.#isDone()) return this.#remove(account)
    const ports = this.#context.ports()
    const provider = this.#context.provider()
    const maintained = await maintainHook(ports, provider, account, hook)
    // The account may have been wiped or claimed by another tenant meanwhile. Then nothing else would remove this webhook.
    if (tables.account()?.tenant !== account.tenant) {
      await removeHook(ports, provider, account, maintained)
      return
    }
    tables.saveHook(maintained)
    if (maintained.state !== 'failed') return
    ports.log('webhook_failed', { email: account.email, message: maintained.message })
  }

  async #remove(account: Account): Promise<void> {
    const { tables, now, ports, provider, durations } = this.#context
    const hook = tables.hook()
    const isGone = await removeHook(ports(), provider(), account, hook)
    if (!this.#isDone()) return
    if (isGone || !hook || isRemovalOver(this.#removal())) return this.#wipe()
    tables.saveHook(failedHook(hook, 'it could not be removed', now(), durations()))
  }

  /** True when the alarm must remove the webhook before the credential is wiped, because the removal needs the credential. */
  wipe(): boolean {
    const { tables } = this.#context
    const hook: Hook | undefined = tables.hook()
    if (!tables.account()) return false
    if (!mayBeRegistered(hook)) {
      this.#wipe()
      return false
    }
    const due = removeHookNow(hook, this.#removal())
    if (due) tables.saveHook(due)
    return true
  }

  #removal(): HookRemoval {
    const { tables, durations } = this.#context
    const now = this.#context.now()
    return { removedAt: tables.retiredAt() ?? now, now, durations: durations() }
  }

  /** Wipes the record first, then removes the webhook with a copy of the credential that is only in memory. */
  async wipeNow(): Promise<void> {
    const { tables, ports, provider } = this.#context
    const account = tables.account()
    const hook = tables.hook()
    const current = provider()
    this.#wipe()
    if (!account) return
    await removeHook(ports(), current, account, hook).catch(() => {})
  }

  #wipe(): void {
    this.#context.tables.wipeAccount()
    this.#context.tables.dropHook()
  }
}
