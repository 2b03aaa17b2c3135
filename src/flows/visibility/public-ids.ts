/** Tells which ids the provider's lists of public rows show. The lists are the tenant's copies, which any call may have read. */
import { shortId } from '#domain/jobs/fingerprint.ts'
import { RefusedByNewer } from '#domain/legacy/refused.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { textsAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ListReader } from '#flows/legacy/list-reader.ts'
import { newerCall, type Ask } from '#flows/legacy/newer-call.ts'
import { readPublic } from '#flows/legacy/read-public.ts'
import type { NamedId } from '#flows/routing/ids-in-call.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'
import type { NewerCall, NewerAnswer, PublicRows } from '#providers/contract/provider.ts'

/** A call may need two lists, and Cloudflare's free plan lets a request ask 50 questions. */
const PAGES_MAX = 10
const GONE = new Set([404, 410])
const BYTES_MAX = 16 * 1024 * 1024
const RETRY_SECONDS = 5
const KNOWN_MS = 3_600_000

export async function publicAmong(
  ports: Ports,
  call: ProxyCall,
  named: readonly NamedId[],
  ask: Ask
): Promise<string[]> {
  const found = new Set<string>()
  let isWhole = true
  for (const rows of listsFor(call, named)) {
    const wanted = named.filter(
      ({ ref, id }) => !found.has(id) && showsKind(call, rows, ref.resource)
    )
    if (wanted.length === 0) continue
    const list = await readList(ports, call, rows, ask)
    for (const { id } of wanted.filter((one) => list.ids.has(one.id))) {
      found.add(id)
      ports.memory.set(nameOf(call, id), true, ports.now() + KNOWN_MS)
    }
    if (!list.isWhole) isWhole = false
  }
  if (!isWhole && named.some(({ id }) => !found.has(id))) throw stillReading()
  return [...found]
}

function nameOf({ tenant, provider }: ProxyCall, id: string): string {
  return `${tenant}/${provider.name}/public/${shortId(id)}`
}

/** Whether this isolate has lately seen the id in a list of public rows. Then the desk is not asked whether it is own. */
export function isKnownPublic(ports: Ports, call: ProxyCall, id: string): boolean {
  return ports.memory.get(nameOf(call, id), ports.now()) === true
}

function listsFor({ provider }: ProxyCall, named: readonly NamedId[]): PublicRows[] {
  const resources = [...new Set(named.map(({ ref }) => ref.resource))]
  return [...new Set(resources.flatMap((one) => provider.lists.publicRowsOf?.(one) ?? []))]
}

function showsKind({ provider }: ProxyCall, rows: PublicRows, resource: string): boolean {
  return provider.lists.publicRowsOf?.(resource).includes(rows) === true
}

async function readList(
  ports: Ports,
  call: ProxyCall,
  { ids, ...list }: PublicRows,
  ask: Ask
): Promise<{ ids: Set<string>; isWhole: boolean }> {
  let isWhole = true
  const reader = readerOf(ports, call, ask, () => {
    isWhole = false
  })
  const rows = await readPublic(reader, { ...list, isPublic: true }).catch((error: unknown) => {
    if (error instanceof AppError) throw error
    // The provider has no such list any more: nothing is known to be public.
    if (error instanceof RefusedByNewer && GONE.has(error.answer.status)) return []
    throw stillReading()
  })
  return { ids: new Set(rows.flatMap((row) => ids.flatMap((at) => textsAt(row, at)))), isWhole }
}

/** Reads as the gateway, not as the token: what is asked for is public. */
function readerOf(ports: Ports, call: ProxyCall, ask: Ask, onPart: () => void): ListReader {
  const { own: _, signal: __, email: ___, body: ____, ...plain } = call
  const asGateway = { ...plain, body: null, method: 'GET', search: '' }
  const askOne = async (newer: NewerCall): Promise<NewerAnswer> => {
    const made = newerCall(asGateway, newer, { creations: 0, refusals: 0 }, undefined)
    const { response, email } = await ask(ports, made)
    const bytes = await readBytes(response.body, BYTES_MAX)
    return {
      status: response.status,
      body: bytes && parseJson(bytes),
      ...(email === undefined ? {} : { email }),
    }
  }
  return {
    ports,
    call: asGateway,
    ask: askOne,
    askAside: askOne,
    lose: onPart,
    budget: { questions: PAGES_MAX * 2, publicPages: PAGES_MAX },
  }
}

function stillReading(): AppError {
  const message =
    'The list of what is public at the provider is still being read. Ask again in some seconds.'
  return new AppError('account_unavailable', message, {
    retryAfterSeconds: RETRY_SECONDS,
    isNameless: true,
  })
}
