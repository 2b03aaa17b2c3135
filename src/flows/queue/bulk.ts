/**
 * Puts many creations into the line in one call. Each is looked at by itself, and one that is wrong stops no other one. They go to the
 * desk in portions, each of which is one transaction, with the keys of its items. What repeats under a key leads to the first item.
 */
import type { BulkRead } from '#domain/line/bulk-items.ts'
import type { EnqueueAnswer } from '#domain/ports/line.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { NewItem } from '#domain/queue/item.ts'
import { AppError, type ErrorCode } from '#domain/runtime/errors.ts'
import { lacksMethod } from '#domain/runtime/older-object.ts'
import type { Reply } from '#domain/slots/lease.ts'
import { isTimedId, newTimedId, timeOf } from '#domain/text/time-ordered-id.ts'
import { newCreation } from '#flows/creations/creation.ts'
import { isValidateOnly } from '#flows/creations/validate-only.ts'
import { poolOf } from '#flows/routing/find-owners.ts'
import { idsOf } from '#flows/routing/ids-in-call.ts'
import { runWhereAssetsAre } from '#flows/uploads/copy-needed-assets.ts'
import type { ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { checkKind, kindOf } from '#flows/access/call-kinds.ts'
import { underRealIds } from './named-call.ts'
import { noteQueues } from './translate-list.ts'
import { itemOf, mayQueue, NAMES_TRIED, refuseIfTooMany, sealCall } from './queue-creation.ts'

/** Searches for unknown ids that one bulk call may cause. */
const SEARCHES_MAX = 10

/** What all items of the call share. */
export type BulkCall = Pick<
  ProxyCall,
  | 'requestId'
  | 'tenant'
  | 'provider'
  | 'origin'
  | 'tokenId'
  | 'tokenHash'
  | 'by'
  | 'mayChange'
  | 'kinds'
  | 'share'
> & {
  /** Where the end of an item is told: its own URL, else the default of the tenant. Throws if that may not be called. */
  replyOf(url: string | undefined): Reply | undefined
}

type BulkAnswer = { id: string } | { error: string; code: ErrorCode }

/** An item on its way. Its `answer` stands when it is known. */
interface OnItsWay {
  at: number
  call?: ReadCall
  made?: Made
  answer?: BulkAnswer
}

interface Made {
  item: NewItem
  /** The same item under another time, because its name is taken. */
  again(at: number): NewItem
  at: number
}

/** In the order of the items. */
export async function bulk(
  ports: Ports,
  call: BulkCall,
  portions: Iterable<BulkRead[]>
): Promise<BulkAnswer[]> {
  const begunAt = ports.now()
  const firstAt = isTimedId(call.requestId) ? timeOf(call.requestId) : begunAt
  const searching = limitedSearches(ports)
  const answers: BulkAnswer[] = []
  for (const portion of portions) {
    const all = portion.map((read, index): OnItsWay => {
      const at = firstAt + answers.length + index
      return { at, ...readCall(ports, call, read, { at, begunAt }) }
    })
    await findOwnersOf(ports, call, all)
    for (const one of all) Object.assign(one, await prepare(searching, one))
    await enqueue(ports, call, all, begunAt)
    if (all.some(({ made }) => made)) noteQueues(ports, call)
    answers.push(...all.map(({ answer }) => answer ?? toError(new Error('no answer'))))
  }
  return answers
}

/** Asks the desk once for the owners of all ids of a portion. Each item then finds them in this isolate. */
async function findOwnersOf(
  ports: Ports,
  { tenant, provider }: BulkCall,
  all: readonly OnItsWay[]
): Promise<void> {
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  if (accounts.length < 2) return
  const calls = all.flatMap(({ call }) => (call?.match ? [call] : []))
  const names = new Set(calls.flatMap((call) => idsOf(call, call.json).map(({ id }) => id)))
  if (names.size > 0) await ports.owners.find(poolOf(tenant, provider.name, accounts), [...names])
}

interface When {
  at: number
  begunAt: number
}

function readCall(
  ports: Ports,
  call: BulkCall,
  read: BulkRead,
  when: When
): Pick<OnItsWay, 'call' | 'answer'> {
  if (!read.ok) return { answer: { error: read.error, code: read.code } }
  try {
    return { call: callOf(ports, call, read.item, when) }
  } catch (error) {
    return { answer: toError(error) }
  }
}

async function prepare(
  { ports, isOver }: Searching,
  { call, at }: OnItsWay
): Promise<Pick<OnItsWay, 'made' | 'answer'>> {
  if (!call) return {}
  try {
    const made = await makeItem(ports, call, at)
    // Without its search the item might go to an account that does not have what it names.
    if (isOver()) throw tooManySearches()
    return { made }
  } catch (error) {
    return { answer: toError(error) }
  }
}

/** The call as if its client had sent it alone, under a request id of its own. */
function callOf(
  ports: Ports,
  { replyOf, ...call }: BulkCall,
  { path, search, body, json, headers }: Extract<BulkRead, { ok: true }>['item'],
  { at, begunAt }: When
): ReadCall {
  const { idempotencyKey, priority, startWithinSeconds, replyUrl, account } = headers
  const reply = replyOf(replyUrl)
  const up = new Headers({ accept: 'application/json', 'content-type': 'application/json' })
  if (idempotencyKey !== undefined) up.set('idempotency-key', idempotencyKey)
  return {
    ...call,
    requestId: newTimedId(at, ports.newId()),
    match: call.provider.routes.match('POST', path),
    method: 'POST',
    path,
    search,
    headers: up,
    body,
    json,
    begunAt,
    ...(account === undefined ? {} : { email: account }),
    ...(reply === undefined ? {} : { reply }),
    wish: {
      ...(priority === undefined ? {} : { priority }),
      ...(startWithinSeconds === undefined ? {} : { startWithinMs: startWithinSeconds * 1000 }),
    },
  }
}

async function makeItem(ports: Ports, call: ReadCall, at: number): Promise<Made> {
  let made: Made | undefined
  checkKind(kindOf(call), call.kinds)
  await underRealIds(ports, call, async (real) => {
    if (!mayQueue(real) || isValidateOnly(real)) throw notQueueable(real)
    const creation = newCreation(ports, real)
    return runWhereAssetsAre(ports, real, {
      slots: creation.slots,
      hasSent: () => false,
      async on(placed, eligible) {
        refuseIfTooMany(ports, creation, eligible)
        creation.call = placed
        const sealed = await sealCall(ports, placed)
        const key = placed.headers.get('idempotency-key')
        const named = key === null ? {} : { key: `POST ${call.path} ${key}` }
        const again = (when: number): NewItem => ({
          ...itemOf(ports, creation, eligible, { at: when, sealed }),
          ...named,
        })
        made = { item: again(at), again, at }
        return { response: new Response(null, { status: 204 }) }
      },
    })
  })
  if (!made) throw new Error('a creation that came to no account')
  return made
}

/** Asks the desk. Items whose name is taken are asked for again, under the next ms. */
async function enqueue(
  ports: Ports,
  call: BulkCall,
  all: OnItsWay[],
  begunAt: number
): Promise<void> {
  for (let tried = 0; tried < NAMES_TRIED; tried += 1) {
    const left = all.filter(({ answer }) => answer === undefined)
    const made = left.flatMap((one) => one.made ?? [])
    if (made.length === 0) return
    const items = made.map((one) => (tried === 0 ? one.item : one.again(one.at + tried)))
    const said = await tell(ports, call, items, begunAt)
    for (const [index, one] of left.entries()) {
      const answer = Array.isArray(said) ? toAnswer(said[index], items[index]) : toError(said)
      if (answer) one.answer = answer
    }
  }
  for (const one of all) one.answer ??= toError(noName())
}

/** As for one creation: if the desk's answer is lost, the same items are sent again, which writes nothing twice. */
async function tell(
  ports: Ports,
  { tenant, provider, requestId }: BulkCall,
  items: NewItem[],
  begunAt: number
): Promise<EnqueueAnswer[] | AppError> {
  const desk = ports.desk(tenant, provider.name)
  let isSent = false
  for (const pauseMs of [0, ...ports.durations.enqueuePausesMs]) {
    if (pauseMs > 0) await ports.after(pauseMs)
    if (ports.now() - begunAt >= ports.durations.acquireWithinMs) break
    const isFirst = !isSent
    isSent = true
    try {
      return await desk.enqueue(items)
    } catch (error) {
      if (isFirst && lacksMethod(error)) return closed()
      ports.log('enqueue_failed', { tenant, requestId })
    }
  }
  if (!isSent) {
    return new AppError('slots_full', 'It could not be queued in time. Nothing was queued.')
  }
  ports.log('outcome_unknown', { tenant, requestId })
  const advice = 'Send it again under the same Idempotency-Key; without one it may be there twice.'
  return new AppError('outcome_unknown', `Whether it was queued is not known. ${advice}`)
}

/** Undefined: its name is taken. */
function toAnswer(said: EnqueueAnswer | undefined, item: NewItem | undefined) {
  switch (said?.kind) {
    case 'queued':
      return { id: item?.record.names[0] ?? '' }
    case 'known':
      return { id: said.shown.names[0] ?? said.shown.item }
    case 'keyed':
      return said.jobIds?.[0] === undefined ? toError(unknownKey(said)) : { id: said.jobIds[0] }
    case 'full':
      return toError(full(said))
    case 'taken':
      return undefined
    default:
      return toError(closed())
  }
}

function full({ cap, retryAfterSeconds }: Extract<EnqueueAnswer, { kind: 'full' }>): AppError {
  const again = `Try again in ${retryAfterSeconds} s.`
  return new AppError('queue_full', `The line is full (${cap}). This was not queued. ${again}`)
}

function unknownKey({ isRunning }: Extract<EnqueueAnswer, { kind: 'keyed' }>): AppError {
  if (isRunning) {
    return new AppError('request_in_progress', 'A call with its Idempotency-Key is in progress.')
  }
  const message = 'What became of the first call with its Idempotency-Key is not known.'
  return new AppError('outcome_unknown', `${message} Repeat that call by itself.`)
}

function closed(): AppError {
  return new AppError('slots_full', 'The line takes nothing now. This was not queued.')
}

function noName(): AppError {
  return new AppError('slots_full', 'No name was free for this creation. It was not queued.')
}

function notQueueable({ method, path, provider: { name } }: ReadCall): AppError {
  if (path.startsWith(`/${name}/`)) {
    return new AppError('bad_request', `path: Leave out /${name}: the path is the provider's own.`)
  }
  const what = `${method} ${path.slice(0, 200)}`
  return new AppError('bad_request', `path: ${what} cannot be queued. Send it by itself.`)
}

function tooManySearches(): AppError {
  const message = `This call names more than ${SEARCHES_MAX} ids that the gateway does not know.`
  return new AppError('account_unavailable', `${message} Send this creation by itself.`)
}

function toError(error: unknown): BulkAnswer {
  if (error instanceof AppError) return { error: error.message, code: error.code }
  return { error: 'The gateway could not queue this.', code: 'internal' }
}

interface Searching {
  ports: Ports
  /** Whether a search was refused since this was asked last. */
  isOver(): boolean
}

/** The ports with fewer searches, beside those that the token has in a minute. */
function limitedSearches(ports: Ports): Searching {
  let [taken, refused] = [0, false]
  const searchesOfToken = {
    take: (who: string, now: number) => {
      const isGiven = taken < SEARCHES_MAX && ports.searchesOfToken.take(who, now)
      taken += 1
      refused ||= !isGiven
      return isGiven
    },
    freeAt: (who: string, now: number) => ports.searchesOfToken.freeAt(who, now),
  }
  return {
    ports: { ...ports, searchesOfToken } as Ports,
    isOver() {
      const was = refused
      refused = false
      return was
    },
  }
}
