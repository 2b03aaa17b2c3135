/**
 * Asks the provider once a day which families of its older calls this account has, and tells the desk what changed.
 * domain/legacy/probe.ts decides, flows/accounts/probe-legacy.ts asks.
 */
import type { Account } from '#domain/accounts/account.ts'
import { mayAsk } from '#domain/accounts/imported.ts'
import { afterProbe, firstProbe, isSame, probeSoon } from '#domain/legacy/probe.ts'
import { probeAccount } from '#flows/accounts/probe-legacy.ts'
import type { AccountContext } from './context.ts'

export class LegacyProbes {
  readonly #context: AccountContext

  constructor(context: AccountContext) {
    this.#context = context
  }

  /** Plans the next probe of an account that was added or changed. */
  request(account: Account): void {
    const { tables, now, durations, provider } = this.#context
    const { legacy } = provider()
    if (!legacy || !this.#isUsed()) return
    const names = Object.keys(legacy.probes)
    tables.saveLegacyProbe(firstProbe(account.legacy, names, now(), durations()))
  }

  /** Probes soon, because a call found that a family may have ended, or that nothing is known. */
  requestNow(): void {
    const { tables, now, durations, provider } = this.#context
    if (!provider().legacy || !this.#isUsed()) return
    const probe = probeSoon(tables.legacyProbe(), now(), durations())
    if (probe) tables.saveLegacyProbe(probe)
  }

  /** Otherwise the setting alone decides, and an idle account need not wake every day. */
  #isUsed(): boolean {
    return this.#context.ports().settings.legacy === 'auto'
  }

  dueAt(): number | undefined {
    const { tables } = this.#context
    const isAsked = mayAsk(tables.account()) && !tables.isRetired()
    return isAsked ? tables.legacyProbe()?.nextAt : undefined
  }

  async probeDue(): Promise<void> {
    const { tables, now, ports, provider, durations } = this.#context
    const account = tables.account()
    if (!account || (this.dueAt() ?? Infinity) > now()) return
    if (!this.#isUsed()) return tables.dropLegacyProbe()
    const { answers, isGood } = await probeAccount(ports(), provider(), account)
    const before = { probe: tables.legacyProbe(), families: account.legacy }
    const after = afterProbe(before, answers, isGood, now(), durations())
    tables.saveLegacyProbe(after.probe)
    if (isSame(account.legacy, after.families)) return
    const { tenant, provider: name, email, key } = account
    const isKept = await ports()
      .desk(tenant, name)
      .noteLegacy(email, key, after.families)
      .catch(() => false)
    const current = tables.account()
    if (isKept && current?.credential === account.credential)
      tables.replaceAccount({ ...current, legacy: after.families })
    const isKnown = Object.keys(after.families).length > 0
    if (isKnown) ports().log('legacy_changed', { email, ...after.families })
  }
}
