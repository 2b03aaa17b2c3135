/** Reports the jobs that a creation started to the account's object, and the owner of their ids to the desk. */
import type { Ports } from '#domain/ports/ports.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import { forgetReported } from '#flows/jobs/settle-job.ts'
import { createdOwners, jobOwners, learnIds } from '#flows/routing/learn-ids.ts'
import type { Granted } from '#flows/slots/take-slot.ts'
import type { Creation } from './creation.ts'

/** Never throws, because the client gets its job in any case. A failed call is tried again, and the desk stores the jobs as well. */
export async function bindStartedJobs(
  ports: Ports,
  { call, mayHaveStrayLease }: Creation,
  { account, ask }: Granted,
  starts: JobStart[],
  answer: unknown
): Promise<void> {
  const { requestId, tenant, provider } = call
  const { email, key } = account
  const owners = [...jobOwners(starts, account, requestId), ...createdOwners(call, account, answer)]
  const watches = starts.flatMap((start) => start.watch)
  forgetReported(ports, account, watches)
  const bind = () => ports.slots(key).bind(requestId, starts, ask)
  const [bound] = await Promise.allSettled([bind(), learnIds(ports, call, owners)])
  const isBound = bound.status === 'fulfilled'
  if (!isBound) {
    ports.log('bind_failed', { email, requestId })
    const later = bindLater(ports, bind)
    ports.defer(later.catch(() => ports.log('bind_given_up', { email, requestId })))
  }
  if (isBound && !mayHaveStrayLease) return
  // An account's object that searches for this creation asks the desk first, so the desk stores on which account the jobs are.
  await ports
    .desk(tenant, provider.name)
    .noteMade(requestId, { email, starts })
    .catch(() => ports.log('made_not_noted', { email, requestId }))
}

async function bindLater(ports: Ports, bind: () => Promise<void>): Promise<void> {
  for (const pauseMs of ports.durations.bindPausesMs) {
    await ports.after(pauseMs)
    const isBound = await bind().then(
      () => true,
      () => false
    )
    if (isBound) return
  }
  throw new Error('not bound')
}
