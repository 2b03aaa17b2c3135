/** The RPC methods of TenantDesk about the choice of an account: the tenant's setting, and what an account says of itself. */
import type { Actor } from '#domain/access/audit.ts'
import type { AccountSnapshot } from '#domain/accounts/account.ts'
import type { AccountChoiceChange, DeskSettings } from '#domain/accounts/balancing.ts'
import type { DeskParts } from './desk-parts.ts'
import { ShareMethods } from './share-methods.ts'

export abstract class SettingsMethods extends ShareMethods {
  protected abstract override readonly parts: ShareMethods['parts'] &
    Pick<DeskParts, 'accounts' | 'audit'>

  async changeSettings(change: DeskSettings, by?: Actor): Promise<AccountSnapshot | undefined> {
    const { tables, audit, kv } = this.parts
    const { accounts } = tables
    if (accounts.isClosed) return undefined
    const before = accounts.settings
    tables.inTransaction(() => {
      accounts.saveSettings({ ...before, ...change })
      audit.settings(by, change, before)
    })
    await kv.write()
    return accounts.snapshot()
  }

  async changeChoice(
    email: string,
    change: AccountChoiceChange,
    now: number,
    by?: Actor
  ): Promise<AccountSnapshot | undefined> {
    if (this.parts.tables.accounts.isClosed) return undefined
    if (!(await this.parts.accounts.changeChoice(email, change, now, by))) return undefined
    await this.parts.kv.write()
    return this.parts.tables.accounts.snapshot()
  }
}
