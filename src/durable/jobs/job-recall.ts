/**
 * Asks the desk which jobs belong to leases that were bound in memory only (decision 0049). A lease is bound in memory while its
 * creation is answered, and the desk has the record. So after a wake-up, leases that the tables show as unbound are asked
 * about, once and all together, before the first step that needs their jobs. If the desk cannot be asked, they keep their slots,
 * and the next step asks again.
 */
import { hasMade } from '#domain/accounts/account.ts'
import type { JobsOf } from '#domain/ports/desk.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Lease } from '#domain/slots/lease.ts'
import { inTime } from '#domain/runtime/in-time.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

export interface JobRecallContext {
  tables: SlotsTables
  now(): number
  ports(): Ports
  /** The provider's name. */
  provider(): { name: string }
}

export interface JobRecallDeps {
  /** Makes the change, and then what other parts do when leases get their jobs. */
  change(change: () => void): Promise<void>
  /** Binds the leases of a creation to its jobs. */
  bind(jobs: JobsOf): void
}

export class JobRecall {
  readonly #context: JobRecallContext
  readonly #deps: JobRecallDeps
  #asking: Promise<void> | undefined

  constructor(context: JobRecallContext, deps: JobRecallDeps) {
    this.#context = context
    this.#deps = deps
  }

  /** Call it before a step that needs the jobs of leases. It costs nothing but after a wake-up. Never throws. */
  async read(): Promise<void> {
    const open = this.#context.tables.leaseRows.unasked()
    if (open.length === 0) return
    this.#asking ??= this.#ask(open).finally(() => (this.#asking = undefined))
    await this.#asking
  }

  async #ask(open: readonly Lease[]): Promise<void> {
    const tenants = new Set(open.map((lease) => lease.tenant))
    const asking = [...tenants].map((tenant) => {
      const leases = open.filter((lease) => lease.tenant === tenant)
      return this.#askDesk(tenant, leases).catch(() => this.#askLater(leases))
    })
    await Promise.all(asking)
  }

  /** A former tenant may still have jobs here. */
  async #askDesk(tenant: string, leases: readonly Lease[]): Promise<void> {
    const { tables, ports, provider } = this.#context
    const requests = [...new Set(leases.map((lease) => lease.requestId))]
    const asking = ports().desk(tenant, provider().name).jobsOf(requests)
    const known = await inTime(ports(), asking)
    await this.#deps.change(() => {
      const account = tables.account()
      tables.leaseRows.noteAsked(leases.map(({ id }) => id))
      // The jobs of a creation that went to another account are none of this one. Its lease is looked for like a lost one.
      for (const jobs of known) if (account && hasMade(account, jobs)) this.#deps.bind(jobs)
    })
  }

  /** So that the alarm does not ring for them at once. */
  #askLater(leases: readonly Lease[]): void {
    const { tables, now, ports } = this.#context
    const nextAt = now() + ports().durations.lookSoonMs
    const ids = new Set(leases.map(({ id }) => id))
    const due = tables.leases().filter((lease) => ids.has(lease.id) && lease.nextAt < nextAt)
    tables.apply({ put: due.map((lease) => ({ ...lease, nextAt })), drop: [], ended: [] })
    ports().log('jobs_not_recalled', { email: tables.account()?.email })
  }
}
