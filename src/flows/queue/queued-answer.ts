/** Answers a call that names a job which has not begun: its status in the provider's words, its cancellation, or that it waits. */
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import { isUnstarted } from '#domain/line/shown.ts'
import { asComposed } from '#domain/text/headers.ts'
import { valuesAt } from '#domain/text/json-pointer.ts'
import { elementsAt, sliceAt, splice, type Slice } from '#domain/text/json-slices.ts'
import { retryAfterSeconds } from '#domain/text/retry-after.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { readAnswer } from '#flows/upstream/read-answer.ts'
import { cancelItem } from './cancel-item.ts'
import { openRefusal } from './refusal.ts'

/** A job that has not begun, and its name. `asked`: the client's own name for it, by which the call names it. */
export interface Waiting {
  name: string
  asked?: string
  shown: ItemShown
}

export async function answerWaiting(
  ports: Ports,
  call: ProxyCall,
  { name, shown }: Waiting
): Promise<ProxyAnswer> {
  const { provider, match, method } = call
  // A row that is no read, and has an answer about a job that waits, deletes it.
  const isDeletion = method !== 'GET' && method !== 'HEAD'
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

const ROWS = '/data'
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

/**
 * Adds the rows of jobs that have not begun to the answer of a bulk read about the others. They come last, whatever the order of the
 * request. `begun`: undefined if all of them wait.
 */
export async function addWaiting(
  ports: Ports,
  call: ProxyCall,
  waiting: readonly Waiting[],
  begun: ProxyAnswer | undefined
): Promise<ProxyAnswer> {
  if (begun && !begun.response.ok) return begun
  const { match, provider } = call
  const shown = await Promise.all(
    waiting.map(async (one) => {
      const said = await withRefusal(ports, call, one.shown)
      const body = match && provider.jobs.showQueued?.(match, one.name, said)
      if (!body) throw notReady(ports, one.name, one.shown)
      return body
    })
  )
  const text = begun ? await textOf(begun) : JSON.stringify(shown[0])
  const slice = sliceAt(text, ROWS)
  const rows = shown.slice(begun ? 0 : 1).flatMap((body) => valuesAt(body, `${ROWS}/*`))
  const names = waiting.map(({ name }) => name)
  const jobIds = [...(begun?.jobIds ?? []), ...names]
  const headers = new Headers(begun?.response.headers ?? { 'content-type': 'application/json' })
  asComposed(headers)
  const whole = slice && text[slice.start] === '[' ? withRows(text, slice, rows) : text
  return {
    ...begun,
    response: new Response(call.method === 'HEAD' ? null : whole, { headers }),
    jobIds,
  }
}

function withRows(text: string, slice: Slice, rows: readonly unknown[]): string {
  if (rows.length === 0) return text
  const comma = elementsAt(text, slice.start).length === 0 ? '' : ','
  const added = comma + rows.map((row) => JSON.stringify(row)).join(',')
  return splice(text, [{ start: slice.end - 1, end: slice.end - 1, text: added }])
}

async function textOf({ response }: ProxyAnswer): Promise<string> {
  const bytes = await readAnswer(response, ANSWER_BYTES_MAX).catch(() => undefined)
  if (bytes) return new TextDecoder().decode(bytes)
  throw new AppError('upstream_unreachable', 'The answer of the provider could not be read.')
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
  if (sealed === undefined) return shown
  const refusal = await openRefusal(ports, provider, tenant, sealed)
  if (refusal === undefined) return shown
  const { message, body } = refusal
  return { ...shown, refusal: body ?? JSON.stringify({ message, error: { message } }) }
}
