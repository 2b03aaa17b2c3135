/** Tells the desk that jobs of tokens with limits have ended. If it is not reached, it finds out by itself (token-shares.ts). */
import type { Ports } from '#domain/ports/ports.ts'
import { shareNameOf } from '#domain/slots/queued-lease.ts'
import type { EndedJob, Lease } from '#domain/slots/lease.ts'
import type { ShareEnd } from '#domain/limits/share.ts'

/** Jobs of other tokens tell nobody. */
export function tellShares(ports: Ports, provider: string, ended: readonly EndedJob[]): void {
  const limited = ended.flatMap(({ lease }) => (lease.isLimited ? [lease] : []))
  for (const tenant of new Set(limited.map((lease) => lease.tenant))) {
    const mine = limited.filter((lease) => lease.tenant === tenant)
    const known = mine.filter(({ jobId }) => jobId !== undefined)
    // A lease without a job may be what a creation left here that runs on another account.
    // What becomes of an item is reported to the desk.
    const unknown = mine.filter(({ jobId, item }) => jobId === undefined && !item)
    tell(ports, { tenant, provider }, known, 'ended')
    tell(ports, { tenant, provider }, unknown, 'doubtful')
  }
}

function tell(
  ports: Ports,
  { tenant, provider }: { tenant: string; provider: string },
  leases: readonly Lease[],
  how: ShareEnd
): void {
  if (leases.length === 0) return
  const ids = leases.map((lease) => shareNameOf(lease))
  const telling = ports.desk(tenant, provider).endShare(ids, how)
  ports.defer(telling.catch(() => ports.log('share_not_ended', { tenant })))
}
