/** The part of a desk that is about uploads: where they go. */
import { DurableObject } from 'cloudflare:workers'
import { makePorts } from '../deps.ts'
import type { Account } from '#domain/account.ts'
import type { HomeWish, Owner, Ports } from '#domain/ports.ts'
import { HomeRows } from './home-rows.ts'

export abstract class UploadDesk extends DurableObject<Env> {
  /** Its tables are made by DeskTables, with all others. */
  readonly #homes: HomeRows

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#homes = new HomeRows(ctx.storage.sql)
  }

  protected abstract accountsNow(): Account[]

  protected portsNow(): Ports {
    return makePorts(this.env, (work) => this.ctx.waitUntil(work))
  }

  async takeHome(token: string, wish: HomeWish): Promise<string | undefined> {
    const { typicalJobMs } = this.portsNow().waits
    return this.#homes.take(token, wish, this.accountsNow(), { now: Date.now(), typicalJobMs })
  }

  /** What was learnt of ids tells of uploads, too. */
  protected noteLearnt(owners: readonly Owner[]): void {
    this.#homes.note(owners, this.accountsNow(), Date.now())
  }

  /** It has a new credential or limit. */
  protected noteChanged(email: string): void {
    this.#homes.forgetParking(email)
  }

  protected forgetOldUploads(): void {
    this.#homes.forget(Date.now())
  }

  protected forgetUploads(): void {
    this.#homes.forgetAll()
  }
}
