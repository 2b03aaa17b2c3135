/** Answers a call that names a job which has not begun: its status in the provider's words, its cancellation, or that it waits. */
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import { isUnstarted } from '#domain/queue/shown.ts'
import { retryAfterSeconds } from '#domain/text/retry-after.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { cancelItem } from './cancel-item.ts'
import { openRefusal } from './item-text.ts'

interface Named {
  name: string
  shown: ItemShown
}

export async function answerWaiting(
  ports: Ports,
  call: ProxyCall,
  { name, shown }: Named
): Promise<ProxyAnswer> {
  const { provider, match, method } = call
  const isDeletion = method === 'DELETE'
  if (!match || !provider.jobs.showQueued?.(match, name, shown)) throw notReady(ports, name, shown)
  const now = isDeletion && !isUnstarted(shown) ? await cancelItem(ports, call, name) : shown
  const body = provider.jobs.showQueued(match, name, await withRefusal(ports, call, now))
  const text = method === 'HEAD' ? null : JSON.stringify(body)
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  const response = new Response(text, { headers })
  const { place, startsAt } = now
  const waits = {
    ...(place === undefined ? {} : { place }),
    ...(startsAt === undefined ? {} : { startsAt }),
  }
  return { response, jobIds: [name], ...(isUnstarted(now) ? {} : { waits }) }
}

function notReady(ports: Ports, name: string, shown: ItemShown): AppError {
  if (isUnstarted(shown)) {
    const why = shown.reason === undefined ? '' : ` (${shown.reason})`
    return new AppError('not_found', `${name} ended without a start${why}.`, { jobIds: [name] })
  }
  const now = ports.now()
  const message = `${name} waits for its start. Ask again when it has ended.`
  const seconds = retryAfterSeconds(shown.startsAt ?? now, now)
  return new AppError('resource_not_ready', message, { retryAfterSeconds: seconds, jobIds: [name] })
}

/** A refusal that cannot be opened any more is left out. The status still says that the job failed. */
async function withRefusal(
  ports: Ports,
  { provider, tenant }: ProxyCall,
  { refusal: sealed, ...shown }: ItemShown
): Promise<ItemShown> {
  const refusal =
    sealed === undefined ? undefined : await openRefusal(ports, provider.name, tenant, sealed)
  return refusal === undefined ? shown : { ...shown, refusal }
}
