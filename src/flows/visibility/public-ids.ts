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

/** `unsure`: why it is not known of other ids that they are not in it. */
interface PublicList {
  ids: Set<string>
  unsure?: AppError
}

/** Lists that were read for this request already. */
export type PublicLists = Map<PublicRows, PublicList>

export async function publicAmong(
  ports: Ports,
  call: ProxyCall,
  named: readonly NamedId[],
  ask: Ask,
  read: PublicLists = new Map()
): Promise<PublicList> {
  const found = new Set<string>()
  let unsure: AppError | undefined
  for (const rows of listsFor(call, named)) {
    const wanted = named.filter(
      ({ ref, id }) => !found.has(id) && showsKind(call, rows, ref.resource)
    )
    if (wanted.length === 0) continue
    const list = read.get(rows) ?? (await readList(ports, call, rows, ask))
    read.set(rows, list)
    for (const { id } of wanted.filter((one) => list.ids.has(one.id))) {
      found.add(id)
      ports.memory.set(nameOf(call, id), true, ports.now() + KNOWN_MS)
    }
    unsure ??= list.unsure
  }
  return { ids: found, ...(unsure === undefined ? {} : { unsure }) }
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
): Promise<PublicList> {
  let unsure: AppError | undefined
  const reader = readerOf(ports, call, ask, () => {
    unsure = stillReading()
  })
  const rows = await readPublic(reader, { ...list, isPublic: true }).catch((error: unknown) => {
    // The provider has no such list any more: nothing is known to be public.
    const isGone = error instanceof RefusedByNewer && GONE.has(error.answer.status)
    if (!isGone) unsure = error instanceof AppError ? error : stillReading()
    return []
  })
  const shown = new Set(rows.flatMap((row) => ids.flatMap((at) => textsAt(row, at))))
  return { ids: shown, ...(unsure === undefined ? {} : { unsure }) }
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
