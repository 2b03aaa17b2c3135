/**
 * Puts many creations into the line in one call. Each is looked at by itself, and one that is wrong stops no other one. They go to the
 * desk in portions, each of which is one transaction, with the keys of its items. What repeats under a key leads to the first item.
 */
import type { BulkRead } from '#domain/line/bulk-items.ts'
import type { EnqueueAnswer } from '#domain/ports/line.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { NewItem } from '#domain/queue/item.ts'
import { markOf } from '#domain/queue/item-name.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { noAccount } from '#domain/visibility/nameless.ts'
import { scopedName } from '#domain/visibility/own-scope.ts'
import { lacksMethod } from '#domain/runtime/older-object.ts'
import type { Reply } from '#domain/slots/lease.ts'
import { isTimedId, newTimedId, timeOf } from '#domain/text/time-ordered-id.ts'
import { newCreation } from '#flows/creations/creation.ts'
import type { Ask } from '#flows/legacy/newer-call.ts'
import { isValidateOnly } from '#flows/creations/validate-only.ts'
import { clientNamesIn } from '#flows/repeats/one-per-client-name.ts'
import { poolOf } from '#flows/routing/find-owners.ts'
import { idsOf, withPlainLists } from '#flows/routing/ids-in-call.ts'
import { runWhereAssetsAre } from '#flows/uploads/copy-needed-assets.ts'
import type { ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { checkKind, kindOf } from '#flows/access/call-kinds.ts'
import type { PublicLists } from '#flows/visibility/public-ids.ts'
import { admitCreations } from '#flows/visibility/serve-own.ts'
import {
  closed,
  nameTaken,
  noName,
  notQueueable,
  SEARCHES_MAX,
  shown,
  toAnswer,
  toError,
  tooManySearches,
  type Answer,
  type BulkAnswer,
} from './bulk-answers.ts'
import { forgetTaskNames } from './client-task-names.ts'
import { underRealIds } from './named-call.ts'
import { noteQueues } from './translate-list.ts'
import { itemOf, mayQueue, NAMES_TRIED, refuseIfTooMany, sealCall } from './queue-creation.ts'

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
  | 'own'
> & {
  /** The key of the call itself. It counts for each item that has none, by its place, so that the call may come again. */
  key?: string | undefined
  /** Where the end of an item is told: its own URL, else the default of the tenant. Throws if that may not be called. */
  replyOf(url: string | undefined): Reply | undefined
}

/** An item on its way. Its `answer` stands when it is known. */
interface OnItsWay {
  at: number
  call?: ReadCall | undefined
  made?: Made
  answer?: Answer
}

interface Made {
  item: NewItem
  /** The same item under another time, because its name is taken. */
  again(at: number): NewItem
  at: number
}

/** In the order of the items. `ask`: the gateway's entry for any call. */
export async function bulk(
  ports: Ports,
  call: BulkCall,
  portions: Iterable<BulkRead[]>,
  ask: Ask
): Promise<BulkAnswer[]> {
  const begunAt = ports.now()
  const firstAt = isTimedId(call.requestId) ? timeOf(call.requestId) : begunAt
  const searching = limitedSearches(ports)
  const answers: BulkAnswer[] = []
  const gate: Gate = { ask, lists: new Map() }
  for (const portion of portions) {
    const all = portion.map((read, index): OnItsWay => {
      const place = answers.length + index
      const at = firstAt + place
      return { at, ...readCall(ports, call, read, { at, begunAt, place }) }
    })
    await passGate(ports, call, all, gate)
    await findOwnersOf(ports, call, all)
    for (const one of all) Object.assign(one, await prepare(searching, one))
    await enqueue(ports, call, all, begunAt)
    const items = all.flatMap(({ made }) => made?.item ?? [])
    if (items.length > 0) noteQueues(ports, call)
    forgetTaskNames(ports, call, items)
    answers.push(...all.map(({ answer }) => shown(call, answer)))
  }
  return answers
}

/** Each list of public rows is read once for all portions. */
interface Gate {
  ask: Ask
  lists: PublicLists
}

/** The items of an own token pass the gate of a single call, before anything else is done with them. */
async function passGate(
  ports: Ports,
  { own }: BulkCall,
  all: readonly OnItsWay[],
  { ask, lists }: Gate
): Promise<void> {
  if (!own) return
  const going = all.filter(({ call }) => call !== undefined)
  const calls = going.flatMap(({ call }) => (call ? [{ ...withPlainLists(call), own }] : []))
  const passed = await admitCreations(ports, calls, ask, lists).catch(toError)
  for (const [index, one] of going.entries()) {
    const found = Array.isArray(passed) ? passed[index] : passed
    if (found instanceof AppError) Object.assign(one, { call: undefined, answer: found })
    else Object.assign(one, { call: found })
  }
}

/** Asks the desk once for what all ids of a portion are. Each item then finds it in this isolate. */
async function findOwnersOf(
  ports: Ports,
  { tenant, provider }: BulkCall,
  all: readonly OnItsWay[]
): Promise<void> {
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const calls = all.flatMap(({ call }) => (call && mayQueue(call) ? [call] : []))
  const given = calls.flatMap(clientNamesIn)
  const named = calls.flatMap((call) => idsOf(call, call.json).map(({ id }) => id))
  const pool = poolOf(tenant, provider.name, accounts)
  const ours = named.filter((name) => markOf(name) !== undefined)
  // If that fails, each item asks by itself.
  if (ours.length > 0) await ports.items.find(pool, [...new Set(ours)]).catch(() => {})
  // The owner of an id says nothing where there is one account. That of a name says that it is taken.
  const ids = new Set(accounts.length < 2 ? given : named)
  if (ids.size === 0) return
  ports.owners.forgetMisses(pool, given)
  await ports.owners.find(pool, [...ids])
}

/**
 * Throws if a job that was started has the name that the client gives this one. Of those that wait the desk knows. Under a key this may
 * be a repeat, whose own job has the name. The desk knows that, and if it is none, the provider refuses it.
 */
async function refuseTakenName(ports: Ports, call: ReadCall): Promise<void> {
  const names = clientNamesIn(call)
  if (names.length === 0 || call.headers.has('idempotency-key')) return
  const { accounts } = await ports.accounts.list(call.tenant, call.provider.name)
  const pool = poolOf(call.tenant, call.provider.name, accounts)
  const [owner] = await ports.owners.find(pool, names)
  if (owner) throw nameTaken(call)
}

interface When {
  at: number
  begunAt: number
  /** In the call, from 0. */
  place: number
}

function readCall(
  ports: Ports,
  call: BulkCall,
  read: BulkRead,
  when: When
): Pick<OnItsWay, 'call' | 'answer'> {
  if (!read.ok) return { answer: new AppError(read.code, read.error, { isNameless: true }) }
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

/** The path may be written as at the drop-in, with the provider's name before it. No provider has a path that begins so. */
function providersPath({ provider }: Pick<BulkCall, 'provider'>, path: string): string {
  const prefix = `/${provider.name}/`
  return path.startsWith(prefix) ? path.slice(prefix.length - 1) : path
}

/** The call as if its client had sent it alone, under a request id of its own. */
function callOf(
  ports: Ports,
  { replyOf, key, ...call }: BulkCall,
  { search, body, json, headers, ...item }: Extract<BulkRead, { ok: true }>['item'],
  { at, begunAt, place }: When
): ReadCall {
  const { priority, startWithinSeconds, replyUrl, account } = headers
  const { idempotencyKey = key && `${key}.${place}` } = headers
  const path = providersPath(call, item.path)
  if (call.own && account !== undefined) throw noAccount(account)
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
  // Before its ids are looked up: of an own token, only the ids of creations have passed the gate.
  if (!mayQueue(call) || isValidateOnly(call)) throw notQueueable(call)
  await underRealIds(ports, call, async (real) => {
    await refuseTakenName(ports, real)
    const creation = newCreation(ports, real)
    return runWhereAssetsAre(ports, real, {
      slots: creation.slots,
      hasSent: () => false,
      async on(placed, eligible) {
        refuseIfTooMany(ports, creation, eligible)
        creation.call = placed
        const sealed = await sealCall(ports, placed)
        const key = placed.headers.get('idempotency-key')
        const named = key === null ? {} : { key: `POST ${call.path} ${scopedName(call.own, key)}` }
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
      const answer = Array.isArray(said) ? toAnswer(one, said[index], items[index]) : said
      if (answer) one.answer = answer
    }
  }
  for (const one of all) one.answer ??= noName()
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
