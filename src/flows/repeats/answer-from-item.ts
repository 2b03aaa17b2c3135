/** Makes the answer of a creation that was queued: the provider's own, with names in the place of ids. */
import type { ItemShown } from '#domain/queue/item.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'

/** Repeats get the same answer, whatever has become of the creation since. 202 is for clients that asked for it. */
export function answerFromItem(
  ports: Pick<Ports, 'now'>,
  { provider, match, json, wish }: ReadCall,
  { names, place, startsAt }: Pick<ItemShown, 'names' | 'place' | 'startsAt'>
): ProxyAnswer {
  if (!match) throw new Error('a queued creation without a row')
  const starts = names.map((jobId) => ({ jobId, watch: [] }))
  const body = provider.jobs.buildAnswer(match, starts, json, ports.now())
  const headers = { 'content-type': 'application/json' }
  const waits = {
    ...(place === undefined ? {} : { place }),
    ...(startsAt === undefined ? {} : { startsAt }),
  }
  const status = wish && !wish.isOfToken ? 202 : 200
  const response = new Response(JSON.stringify(body), { status, headers })
  return { response, jobIds: [...names], waits, isQueued: true }
}
