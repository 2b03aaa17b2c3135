/**
 * The leases of an account's object: in the table `lease`, and in memory, from where they are read. A write goes to both in
 * the same step.
 *
 * An end does not delete the lease's row, because the ended job is a row already. The row is over: an ended job has the id
 * and the time of its lease. A later lease is written over it. So an end and the next lease cost one row each.
 */
import type { EndedJob, Lease } from '#domain/slots/lease.ts'
import { fromLeaseRecord, toLeaseRecord, type LeaseRecord } from '#domain/slots/lease-record.ts'
import { isTimedId } from '#domain/text/time-ordered-id.ts'
import type { EndedJobs } from './ended-jobs.ts'

interface Known {
  live: Map<string, Lease>
  /** The live leases as their records are: their rows, or what the desk has of those that are bound in memory only. */
  rows: Map<string, Lease>
  /** Rows that are over, by the id of their lease: when it ended. */
  over: Map<string, number>
  /** The values of `live`. */
  leases: Lease[]
  /** Leases that the desk was not asked about since the tables were read. It may know their jobs. */
  unasked: Set<string>
  /** Leases that are bound in memory only. */
  unsaved: Set<string>
}

export class LeaseRows {
  readonly #sql: SqlStorage
  readonly #ended: EndedJobs
  #known: Known | undefined
  /** Whether the row of this ended lease may be written over. */
  mayReuse: (leaseId: string) => boolean = () => true
  /** Whether a lease need not be written, since it differs from its row only in what spaces its checks. */
  isOnlySpaced: (row: Lease, lease: Lease) => boolean = () => false

  readonly #onChange: () => void

  /** `onChange`: called after a change in memory only. */
  constructor(sql: SqlStorage, ended: EndedJobs, onChange: () => void) {
    this.#sql = sql
    this.#ended = ended
    this.#onChange = onChange
  }

  /** The leases that have not ended. */
  all(): Lease[] {
    return this.#read().leases
  }

  put(lease: Lease): void {
    const { live, rows } = this.#read()
    const stored = rows.get(lease.id)
    live.set(lease.id, lease)
    if (stored && this.isOnlySpaced(stored, lease)) return this.#refresh()
    this.#write(lease)
  }

  #write(lease: Lease): void {
    const { rows, over, unsaved } = this.#read()
    const record = JSON.stringify(toLeaseRecord(lease))
    const row = rows.has(lease.id) || over.has(lease.id) ? lease.id : this.#reusable(over)
    if (row === undefined) {
      this.#sql.exec('INSERT INTO lease (id, record) VALUES (?, ?)', lease.id, record)
    } else {
      this.#sql.exec('UPDATE lease SET id = ?, record = ? WHERE id = ?', lease.id, record, row)
      over.delete(row)
    }
    rows.set(lease.id, lease)
    unsaved.delete(lease.id)
    this.#refresh()
  }

  /** Binds a lease in memory only, because the desk has the record of its job. */
  bind(lease: Lease): void {
    const { live, rows, unsaved } = this.#read()
    if (!live.has(lease.id)) return
    live.set(lease.id, lease)
    rows.set(lease.id, lease)
    unsaved.add(lease.id)
    this.#refresh()
    this.#onChange()
  }

  /** Writes the leases that are bound in memory only. `requestId`: only those of this creation. */
  saveBound(requestId?: string): void {
    const { leases, unsaved } = this.#read()
    const wanted = leases.filter(({ id }) => unsaved.has(id))
    for (const lease of wanted)
      if (requestId === undefined || lease.requestId === requestId) this.#write(lease)
  }

  /** Unbound leases that the desk was not asked about since the tables were read. */
  unasked(): Lease[] {
    const { leases, unasked } = this.#read()
    return unasked.size === 0 ? [] : leases.filter((one) => unasked.has(one.id) && isOpen(one))
  }

  noteAsked(ids: readonly string[]): void {
    const { unasked } = this.#read()
    for (const id of ids) unasked.delete(id)
  }

  #reusable(over: Known['over']): string | undefined {
    for (const id of over.keys()) if (this.mayReuse(id)) return id
    return undefined
  }

  drop(id: string): void {
    const { live, rows } = this.#read()
    rows.delete(id)
    if (!live.delete(id)) return
    this.#sql.exec('DELETE FROM lease WHERE id = ?', id)
    this.#refresh()
  }

  /** Ends a lease. `isNew`: its ended job was written just now. Then the row is over. */
  end({ lease: { id }, endedAt }: EndedJob, isNew: boolean): void {
    const { live, rows, over } = this.#read()
    if (!isNew || !live.delete(id)) return this.drop(id)
    rows.delete(id)
    over.set(id, endedAt)
    this.#refresh()
  }

  /** Deletes the rows of leases that ended before `time`. Call it before their ended jobs are deleted. */
  removeOverBefore(time: number): void {
    const { over } = this.#read()
    for (const [id, endedAt] of over) {
      if (endedAt >= time || !this.mayReuse(id)) continue
      this.#sql.exec('DELETE FROM lease WHERE id = ?', id)
      over.delete(id)
    }
  }

  /** What the ends owed whose leases' rows are over. */
  owedOfOver(): { leaseId: string; owed: string }[] {
    const { over } = this.#read()
    return over.size === 0
      ? []
      : this.#ended.owedOf(this.#stored().filter(({ id }) => over.has(id)))
  }

  /** Call it after a failed write. The tables are read again. */
  forget(): void {
    this.#known = undefined
  }

  #refresh(): void {
    const known = this.#read()
    known.leases = [...known.live.values()]
    for (const id of known.unsaved) if (!known.live.has(id)) known.unsaved.delete(id)
  }

  #read(): Known {
    this.#known ??= this.#load()
    return this.#known
  }

  #load(): Known {
    const stored = this.#stored()
    const ended = stored.length === 0 ? [] : this.#ended.ofLeases(stored)
    const over = new Map(ended.map(({ lease, endedAt }) => [lease.id, endedAt]))
    const leases = stored.filter(({ id }) => !over.has(id))
    const live = new Map(leases.map((lease) => [lease.id, lease]))
    const unasked = new Set(leases.filter(isOpen).map(({ id }) => id))
    return { live, rows: new Map(live), over, leases, unasked, unsaved: new Set() }
  }

  #stored(): Lease[] {
    const rows = this.#sql.exec<{ record: string }>('SELECT record FROM lease').toArray()
    return rows.map(({ record }) => fromLeaseRecord(JSON.parse(record) as LeaseRecord))
  }
}

/** Whether the desk may know the lease's job. Requests of old releases have no time in their ids, and bound durably. */
function isOpen({ kind, state, requestId }: Lease): boolean {
  return kind === 'job' && state === 'unbound' && isTimedId(requestId)
}

/** The ids under which the lease's job is known. */
export function jobNamesOf({ jobId, watch }: Lease): string[] {
  const watched = watch.map((key) => key.slice(key.indexOf(':') + 1))
  return jobId === undefined ? watched : [jobId, ...watched]
}
