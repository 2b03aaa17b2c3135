/** The part of a desk that is about uploads: where they go, and their copies at other accounts. */
import type { Account } from '#domain/accounts/account.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { AssetCopy, CopyTurn, HomeWish } from '#domain/ports/desk.ts'
import { CopyRows } from '#durable/desk-tables/copy-rows.ts'
import { HomeRows } from '#durable/desk-tables/home-rows.ts'
import { RegistrarDesk } from './registrar-desk.ts'

export abstract class UploadDesk extends RegistrarDesk {
  /** Its tables are made by DeskTables, with all others. */
  readonly #homes: HomeRows
  readonly #copies: CopyRows

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#homes = new HomeRows(ctx.storage.sql)
    this.#copies = new CopyRows(ctx.storage.sql)
  }

  abstract learn(owners: Owner[]): Promise<string[]>

  async takeHome(token: string, wish: HomeWish): Promise<string | undefined> {
    const { accounts } = this.tables.snapshot()
    return this.#homes.take(token, wish, accounts, Date.now(), this.ports().durations)
  }

  async beginCopies(originals: string[], email: string, by: string): Promise<CopyTurn[]> {
    const uploads = this.tables.ownersOf(originals).filter(({ source }) => source === 'uploaded')
    const isUpload = (original: string) => uploads.some(({ id }) => id === original)
    const account = this.#account(email)
    if (!account || !originals.every(isUpload)) {
      return originals.map((original) => ({
        kind: account && isUpload(original) ? 'failed' : 'no',
      }))
    }
    const { copyMadeMs } = this.ports().durations
    return this.#copies.begin(originals, account, { by, withinMs: copyMadeMs })
  }

  async endCopies(copies: AssetCopy[], email: string): Promise<void> {
    const account = this.#account(email)
    if (!account) return
    this.#copies.end(copies, account, Date.now())
    const made = copies.flatMap(({ copy }) => (copy === undefined ? [] : [copy]))
    const rest = { email: account.email, source: 'copied', mayBeShared: false } as const
    if (made.length > 0) await this.learn(made.map((id) => ({ id, ...rest })))
  }

  async forgetCopies(copies: AssetCopy[], email: string): Promise<void> {
    for (const copy of copies) this.#copies.forgetOne(copy, email)
  }

  async takeCopies(original: string, keyStart: string): Promise<{ email: string; copy: string }[]> {
    return this.#copies.take(original, keyStart)
  }

  #account(email: string): Account | undefined {
    return this.tables.snapshot().accounts.find((account) => account.email === email)
  }

  /** What was learnt of ids tells of uploads, too. Returns which of them are copies. */
  protected readonly noteLearnt = (owners: readonly Owner[]): string[] => {
    this.#homes.note(owners, this.tables.snapshot().accounts, Date.now())
    const listed = owners.flatMap(({ id, source }) => (source === 'listed' ? [id] : []))
    const known = listed.length === 0 ? [] : this.tables.ownersOf(listed)
    return known.flatMap(({ id, source }) => (source === 'copied' ? [id] : []))
  }

  /** It has a new credential or limit. */
  protected readonly noteChanged = (email: string): void => {
    this.#homes.forgetParking(email)
  }

  protected readonly forgetOldUploads = (): void => {
    const { homeMs, keepOwnersMs } = this.ports().durations
    this.#homes.forget(Date.now() - homeMs)
    this.#copies.forget(Date.now() - keepOwnersMs)
  }

  protected readonly forgetUploads = (): void => {
    this.#homes.forgetAll()
    this.#copies.forgetAll()
    this.tables.uploads.forgetAll()
  }
}
