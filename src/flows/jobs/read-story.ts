/**
 * Reads what happened to a job, for the story that `GET /v1/{provider}/jobs/{id}` tells. It costs nothing more while a job runs that
 * was not queued; the line is asked for a queued one, and the account's object for the deliveries of one that ended.
 */
import type { Ports } from '#domain/ports/ports.ts'
import { isOfToken } from '#domain/events/delivery.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import { storyOf, type StoryStep } from '#domain/jobs/story.ts'
import { lacksMethod } from '#domain/runtime/older-object.ts'
import { isTimedId, timeOf } from '#domain/text/time-ordered-id.ts'
import type { OwnScope } from '#domain/visibility/own-scope.ts'
import type { Provider } from '#providers/contract/provider.ts'
import type { FoundJob } from './find-job.ts'

const DELIVERIES_MAX = 20

interface Story {
  steps: StoryStep[]
  /** False: the line or the account's object could not be asked, so steps are missing. */
  isWhole: boolean
}

/** `own`: for this own token. What the endpoints of its tenant are told of its jobs is no part of their story. */
export async function readStory(
  ports: Ports,
  provider: Provider,
  tenant: string,
  found: FoundJob | { item: ItemShown },
  own?: OwnScope
): Promise<Story> {
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  if ('item' in found) {
    return { steps: storyOf({ accounts, item: found.item }), isWhole: true }
  }
  const { record, account } = found
  const { requestId, item } = record.lease
  const [queued, told] = await Promise.all([
    item && settled(itemOf(ports, provider, tenant, item.id)),
    record.ended && account && settled(deliveriesOf(ports, account.key, tenant, record, own)),
  ])
  const askedAt = item?.askedAt ?? (isTimedId(requestId) ? timeOf(requestId) : undefined)
  const steps = storyOf({
    accounts,
    record,
    ...(askedAt === undefined ? {} : { askedAt }),
    ...(account ? { email: account.email } : {}),
    ...(queued?.value ? { item: queued.value } : {}),
    ...(told?.value ? { deliveries: told.value } : {}),
  })
  return { steps, isWhole: queued?.isFailed !== true && told?.isFailed !== true }
}

/** The line is asked itself: what an isolate remembers may be some seconds old. */
async function itemOf(ports: Ports, provider: Provider, tenant: string, id: string) {
  const [item] = await ports.desk(tenant, provider.name).itemsOf([id])
  return item
}

async function deliveriesOf(
  ports: Ports,
  key: string,
  tenant: string,
  { lease: { requestId: job } }: FoundJob['record'],
  own: OwnScope | undefined
) {
  const query = { tenant, job, limit: DELIVERIES_MAX, ...(own ? { ownToken: own.token } : {}) }
  const found = await ports.slots(key).listDeliveries(query)
  // An object of an older release returns those to others, too.
  return own ? found.filter((one) => isOfToken(one, own.token)) : found
}

/** A story with a gap is better than none. */
function settled<T>(asked: Promise<T>): Promise<{ value?: T; isFailed?: true }> {
  return asked.then(
    (value) => ({ value }),
    (error: unknown) => (lacksMethod(error) ? {} : { isFailed: true as const })
  )
}
