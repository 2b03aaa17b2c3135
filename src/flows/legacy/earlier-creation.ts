/** Answers the creations of a repeated older call from what its first run made, so that nothing is made twice. */
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { answerFromItem } from '#flows/repeats/answer-from-item.ts'
import { answerFromJob } from '#flows/repeats/answer-from-job.ts'
import { findOutcome } from '#flows/repeats/read-outcome.ts'
import { unknownOutcome } from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import type { NewerCall } from '#providers/contract/provider.ts'

/** An older call's further creations have `-2`, `-3` … behind its id. */
const NUMBER = /-\d{1,2}$/

/**
 * `repeats`: the id of the first call, or of one of its creations. `number`: which creation of the older call this is, from 1.
 * Undefined: the first run did not make it, so it may be made now. Throws while that is not known.
 */
export async function earlierCreation(
  ports: Ports,
  made: ProxyCall,
  { body: json }: NewerCall,
  { repeats, number }: { repeats: string; number: number }
): Promise<ProxyAnswer | undefined> {
  const first = repeats.replace(NUMBER, '')
  const requestId = number === 1 ? first : `${first}-${number}`
  const outcome = await findOutcome(ports, { ...made, email: undefined, requestId })
  if (outcome.kind === 'found') {
    return answerFromJob(ports, { ...made, json } as ReadCall, { ...outcome, requestId })
  }
  if (outcome.kind === 'queued')
    return answerFromItem(ports, { ...made, json } as ReadCall, outcome.item)
  if (outcome.kind === 'none' || outcome.kind === 'absent') return undefined
  throw unknownOutcome(made.provider.name, requestId)
}

/** A repeat is never sent as it is: its first run was carried. */
export function refuseToSend({ repeats, provider }: ProxyCall): void {
  if (repeats === undefined) return
  const where = `GET /v1/${provider.name}/jobs/${repeats}`
  throw new AppError('conflict', `This was done by newer calls. What became of it: ${where}.`)
}
