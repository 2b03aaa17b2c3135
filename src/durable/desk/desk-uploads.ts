/** Keeps which account a token uploads to, the asset copies on other accounts, and which account an id belongs to. */
import type { Account } from '#domain/accounts/account.ts'
import type { AssetCopy, CopyTurn, UploadWish } from '#domain/ports/desk.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'

export class DeskUploads {
  readonly #tables: DeskTables
  readonly #ports: () => Ports

  constructor(tables: DeskTables, ports: () => Ports) {
    this.#tables = tables
    this.#ports = ports
  }

  chooseAccount(token: string, wish: UploadWish): string | undefined {
    const { now, durations } = this.#ports()
    const accounts = this.#tables.accounts.all
    return this.#tables.uploadAccounts.choose(token, wish, accounts, now(), durations)
  }

  async beginCopies(originals: string[], email: string, by: string): Promise<CopyTurn[]> {
    const uploads = this.ownersOf(originals).filter(({ source }) => source === 'uploaded')
    const isUpload = (original: string) => uploads.some(({ id }) => id === original)
    const account = this.#account(email)
    if (!account || !originals.every(isUpload)) {
      return originals.map((original) => ({
        kind: account && isUpload(original) ? 'failed' : 'no',
      }))
    }
    const { copyMadeMs } = this.#ports().durations
    return this.#tables.assetCopies.begin(originals, account, { by, withinMs: copyMadeMs })
  }

  /** True when the copies were saved as ids of the account. */
  endCopies(copies: AssetCopy[], email: string): boolean {
    const account = this.#account(email)
    if (!account) return false
    this.#tables.assetCopies.end(copies, account, this.#ports().now())
    const made = copies.flatMap(({ copy }) => (copy === undefined ? [] : [copy]))
    const rest = { email: account.email, source: 'copied', mayBeShared: false } as const
    if (made.length > 0) this.learn(made.map((id) => ({ id, ...rest })))
    return made.length > 0
  }

  forgetCopies(copies: AssetCopy[], email: string): void {
    for (const copy of copies) this.#tables.assetCopies.forgetOne(copy, email)
  }

  ownersOf(ids: string[]): Owner[] {
    const accounts = this.#tables.accounts.all
    const known = this.#tables.owners.find(ids, accounts)
    const left = ids.filter((id) => known.every((owner) => owner.id !== id))
    return [...known, ...this.#tables.jobs.find(left, accounts)]
  }

  /** Learns the owners. Returns those ids that are the gateway's own asset copies. */
  learn(owners: Owner[]): string[] {
    const now = this.#ports().now()
    const accounts = this.#tables.accounts.all
    const write = () => this.write(owners)
    // One owner needs no transaction, which costs as much as its row. If another creation's row gives way, that one is kept first.
    if (owners.length === 1 && !owners[0]?.own) write()
    else this.#tables.inTransaction(write)
    this.#tables.uploadAccounts.learn(owners, accounts, now)
    const listed = owners.flatMap(({ id, source }) => (source === 'listed' ? [id] : []))
    const known = listed.length === 0 ? [] : this.ownersOf(listed)
    return known.flatMap(({ id, source }) => (source === 'copied' ? [id] : []))
  }

  /** Writes the owners only. For a caller that has a transaction of its own. */
  write(owners: Owner[]): void {
    const now = this.#ports().now()
    const accounts = this.#tables.accounts.all
    const others = this.#tables.jobs.learn(owners, accounts, now)
    this.#tables.ownIds.learn(owners, now)
    this.#tables.owners.learn(others, accounts, now)
  }

  #account(email: string): Account | undefined {
    return this.#tables.accounts.all.find((account) => account.email === email)
  }
}
