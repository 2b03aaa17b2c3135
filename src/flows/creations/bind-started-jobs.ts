/** Reports the jobs that a creation started to the account's object, and the owner of their ids to the desk. */
import type { Ports } from '#domain/ports/ports.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import { forgetReported } from '#flows/jobs/settle-job.ts'
import {
  asOwn,
  createdOwners,
  eachOnce,
  startedOwners,
  learnIds,
} from '#flows/routing/learn-ids.ts'
import type { Granted } from '#flows/slots/take-slot.ts'
import type { Creation } from './creation.ts'

/**
 * Never throws, because the client gets its job in any case. The desk keeps the jobs, so the account's object need not write
 * them. If the desk does not, the object is called again and writes them. A failed call is tried again.
 */
export async function bindStartedJobs(
  ports: Ports,
  creation: Creation,
  { account, ask }: Granted,
  starts: JobStart[],
  answer: unknown
): Promise<void> {
  const { call, mayHaveStrayLease } = creation
  const { requestId, tenant, provider } = call
  const { email, key } = account
  const owners = [
    ...asOwn(call, startedOwners(starts, account, requestId)),
    ...createdOwners(call, account, answer),
  ]
  const watches = starts.flatMap((start) => start.watch)
  forgetReported(ports, account, watches)
  const slots = ports.slots(key)
  // Several creations may have the same job, such as a session. The desk keeps the last one's.
  const mayBeKept = starts.every((start) => !start.isReused)
  const [isTold, isLearned] = await Promise.all([
    isDone(slots.bind(requestId, starts, ask, { isKept: mayBeKept })),
    creation.keep?.(eachOnce(call, owners), starts) ?? learnIds(ports, call, owners),
  ])
  const isKept = mayBeKept && isLearned
  const bind = () => slots.bind(requestId, starts, ask, { isKept })
  const isBound = isTold && (isKept || !mayBeKept || (await isDone(bind())))
  if (!isBound) {
    ports.log('bind_failed', { email, requestId })
    const later = bindLater(ports, bind)
    ports.defer(later.catch(() => ports.log('bind_given_up', { email, requestId })))
  }
  if (isKept || (isBound && !mayHaveStrayLease)) return
  // An account's object that searches for this creation asks the desk first, so the desk stores on which account the jobs are.
  await ports
    .desk(tenant, provider.name)
    .noteMade(requestId, { email, key, starts })
    .catch(() => ports.log('made_not_noted', { email, requestId }))
}

async function bindLater(ports: Ports, bind: () => Promise<void>): Promise<void> {
  for (const pauseMs of ports.durations.bindPausesMs) {
    await ports.after(pauseMs)
    if (await isDone(bind())) return
  }
  throw new Error('not bound')
}

function isDone(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false
  )
}
