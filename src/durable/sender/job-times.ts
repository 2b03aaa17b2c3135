/** What an account says of its jobs when it asks for work, so that the desk can tell when the next ones start. It is memory only. */
import type { Running } from '#domain/line/outlook.ts'
import type { EndOfJob } from '#domain/line/pace.ts'
import type { WorkAsk } from '#domain/ports/line.ts'
import { holdsSlot, type EndedJob, type Lease } from '#domain/slots/lease.ts'

/** The desk counts no more of each row. */
const ENDS_MAX = 64
const RUNNING_MAX = 500

type Told = Required<Pick<WorkAsk, 'ended' | 'running'>>

export class JobTimes {
  #ends: (EndOfJob & { tenant: string })[] = []

  noteEnds(ended: readonly EndedJob[]): void {
    const ran = ended.filter(
      ({ lease, outcome }) => lease.kind === 'job' && RAN.has(outcome.status)
    )
    const ends = ran.flatMap(({ lease, endedAt, outcome }) =>
      outcome.isUnstarted
        ? []
        : [{ tenant: lease.tenant, route: lease.route, tookMs: endedAt - lease.acquiredAt }]
    )
    this.#ends = [...this.#ends, ...ends].slice(-ENDS_MAX)
  }

  /** What goes with a question. The ends of a question that fails are told with the next one that is asked. */
  of(tenant: string, leases: readonly Lease[], now: number): Told {
    const own = this.#ends.filter((end) => end.tenant === tenant)
    const holding = leases.filter((lease) => holdsSlot(lease, now))
    const running = holding.flatMap(({ route, acquiredAt, slots = 1 }) =>
      Array.from({ length: slots }, (): Running => ({ route, at: acquiredAt }))
    )
    const ended = own.map(({ route, tookMs }) => ({ route, tookMs }))
    return { ended, running: running.slice(0, RUNNING_MAX) }
  }

  /** The desk has heard of them. */
  told({ ended }: Told, tenant: string): void {
    let left = ended.length
    this.#ends = this.#ends.filter((end) => end.tenant !== tenant || left-- <= 0)
  }
}

/** An end of which the time says how long the job took. */
const RAN = new Set(['completed', 'failed'])
