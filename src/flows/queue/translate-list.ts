/**
 * Puts names of queued creations into lists of the provider, in the place of real ids. A list shows jobs that the call does not name,
 * so the desk is asked what they are called. It is asked only where the tenant has queued something. The account list in KV says so:
 * for a minute after its first item a list may show a real id, but in the isolate that queued it.
 */
import type { Ports } from '#domain/ports/ports.ts'
import { textsAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import { poolOf } from '#flows/routing/find-owners.ts'
import { allIdsOf } from '#flows/routing/ids-in-call.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { withText } from './named-answer.ts'

/** Until every isolate has read the account list anew. */
const KNOWN_HERE_MS = 5 * 60_000

/** Remembers in this isolate that the tenant queues. */
export function noteQueues(ports: Pick<Ports, 'memory' | 'now'>, call: Pooled): void {
  ports.memory.set(queuesHere(call), true, ports.now() + KNOWN_HERE_MS)
}

type Pooled = Pick<ProxyCall, 'tenant' | 'provider'>

/** Whether the tenant has queued anything, as far as this isolate knows. */
export async function hasQueued(ports: Ports, call: ProxyCall): Promise<boolean> {
  if (ports.memory.get(queuesHere(call), ports.now()) !== undefined) return true
  const { namesSince } = await ports.accounts.list(call.tenant, call.provider.name)
  return namesSince !== undefined
}

function queuesHere({ tenant, provider }: Pooled): string {
  return `queues/${provider.name}/${tenant}`
}

/** Ids that the call names by themselves stay as they are. A desk that cannot be asked leaves real ids, which lead to the jobs, too. */
export async function withNamesInList(
  ports: Ports,
  call: ProxyCall,
  answer: ProxyAnswer
): Promise<ProxyAnswer> {
  const { tenant, provider, match } = call
  if (!match || match.route.lists.length === 0 || !answer.response.ok) return answer
  if (!provider.lists.shapeOf(match.route)) return answer
  if (!(await hasQueued(ports, call))) return answer
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const named = new Set(allIdsOf(call).map(({ id }) => id))
  return withText(call, answer, async (text) => {
    const json = parseJson(text)
    const places = [...match.route.lists, ...(provider.jobs.jobIdsAt?.(match) ?? [])]
    const ids = places.flatMap((pointer) => textsAt(json, pointer))
    const asked = [...new Set(ids)].filter((id) => !named.has(id))
    if (asked.length === 0) return new Map()
    const pool = poolOf(tenant, provider.name, accounts)
    return ports.items.namesOf(pool, asked).catch(() => {
      ports.log('names_not_asked', { tenant, requestId: call.requestId })
      return new Map<string, string>()
    })
  })
}
