/**
 * Reads what happened to a job, for the story that `GET /v1/{provider}/jobs/{id}` tells. It costs nothing more while a job runs that
 * was not queued; the line is asked for a queued one, and the account's object for the deliveries of one that ended. Of one that ended
 * in the line all accounts are asked.
 */
import type { Ports } from '#domain/ports/ports.ts'
import { isOfToken, type Delivery } from '#domain/events/delivery.ts'
import { isUnstarted } from '#domain/line/shown.ts'
import type { DeliveryQuery } from '#domain/ports/slots.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import type { OwnScope } from '#domain/visibility/own-scope.ts'
import { storyOf, type StoryStep } from '#domain/jobs/story.ts'
import { lacksMethod } from '#domain/runtime/older-object.ts'
import { isTimedId, timeOf } from '#domain/text/time-ordered-id.ts'
import { placesOfTenant } from '#flows/accounts/places.ts'
import { askReachable } from '#flows/upstream/ask-reachable.ts'
import type { Provider } from '#providers/contract/provider.ts'
import type { FoundJob } from './find-job.ts'

const DELIVERIES_MAX = 20

interface Story {
  steps: StoryStep[]
  /** False: the line or the account's object could not be asked, so steps are missing. */
  isWhole: boolean
}

export async function readStory(
  ports: Ports,
  provider: Provider,
  tenant: string,
  found: FoundJob | { item: ItemShown },
  own?: OwnScope
): Promise<Story> {
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  if ('item' in found) {
    const { item } = found
    if (!isUnstarted(item)) return { steps: storyOf({ accounts, item }), isWhole: true }
    // Which account's object told it is not kept.
    const places = await placesOfTenant(ports, tenant, provider.name)
    const [job = ''] = item.names
    const told = await askReachable(ports, places, ({ key }) =>
      deliveriesOf(ports, key, { tenant, job }, own)
    )
    const deliveries = told.answers.flatMap(({ answer }) => answer)
    return { steps: storyOf({ accounts, item, deliveries }), isWhole: told.missing.length === 0 }
  }
  const { record, account } = found
  const { requestId, item } = record.lease
  const [queued, told] = await Promise.all([
    item && settled(itemOf(ports, provider, tenant, item.id)),
    record.ended &&
      account &&
      settled(deliveriesOf(ports, account.key, { tenant, job: requestId }, own)),
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

/** `own`: only those that this own token may see. */
async function deliveriesOf(
  ports: Ports,
  key: string,
  about: Pick<DeliveryQuery, 'tenant' | 'job'>,
  own: OwnScope | undefined
): Promise<Delivery[]> {
  const query = { ...about, limit: DELIVERIES_MAX, ...(own && { ownToken: own.token }) }
  const found = await ports.slots(key).listDeliveries(query)
  // An object of an older release returns those of other tokens, too.
  return own ? found.filter((one) => isOfToken(one, own.token)) : found
}

/** A story with a gap is better than none. */
function settled<T>(asked: Promise<T>): Promise<{ value?: T; isFailed?: true }> {
  return asked.then(
    (value) => ({ value }),
    (error: unknown) => (lacksMethod(error) ? {} : { isFailed: true as const })
  )
}
