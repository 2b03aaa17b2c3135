/**
 * Runs a call that names queued creations by names of ours. The names are replaced by the provider's ids in the path, the query and
 * the body, only where the row names an id and only where a whole value equals the name (contract 14.4). A job that has not begun
 * is answered by the gateway.
 *
 * The mark in a name is only a hint to ask the desk. What the desk does not know goes to the provider as it is.
 */
import { isUnstarted, jobOfName } from '#domain/line/shown.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { markOf } from '#domain/queue/item-name.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import { shortId } from '#domain/jobs/fingerprint.ts'
import { slicesAt, splice } from '#domain/text/json-slices.ts'
import { parseJson, readUtf8 } from '#domain/text/json-text.ts'
import { poolOf } from '#flows/routing/find-owners.ts'
import { idsOf } from '#flows/routing/ids-in-call.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import type { IdRef } from '#providers/contract/provider.ts'
import { asTask, taskNamesIn } from './client-task-names.ts'
import { withNames, type Used } from './named-answer.ts'
import { hasQueued, withNamesInList } from './translate-list.ts'
import { mayQueue } from './queue-creation.ts'
import { hasBegun } from './cancel-item.ts'
import { addWaiting, answerWaiting, type Waiting } from './queued-answer.ts'

const RETRY_SECONDS = 5

/** A body that was not read yet is not looked at, so a call whose body names ids is run through this again with its body. */
type Call = ProxyCall & { json?: unknown }

export async function underRealIds<C extends Call>(
  ports: Ports,
  call: C,
  run: (call: C) => Promise<ProxyAnswer>
): Promise<ProxyAnswer> {
  const tasks = taskNamesIn(call)
  // Of a tenant that never queued, names of its own are asked about only where the provider does not know them.
  const isAsked =
    tasks.length > 0 && (call.match?.route.pool === 'split' || (await hasQueued(ports, call)))
  const said = await withRealIds(ports, call, isAsked ? tasks : [])
  const { used, waiting, named } = said
  const isHeld =
    named.length > 0 && mayQueue(call) && !waiting.some(({ shown }) => isUnstarted(shown))
  if (isHeld) {
    // A free slot is of no use while a job that it names has not begun, and the provider does not know that name.
    const { triesFirst, ...wish } = call.wish ?? {}
    const tries = triesFirst && waiting.length === 0 ? { triesFirst } : {}
    const all = [...(call.named ?? []), ...named]
    const held = { ...said.call, named: all, wish: { ...wish, ...tries } }
    return withNames(call, await run(held), used)
  }
  const { call: real } = said
  const [first] = waiting
  if (!first) {
    const answer = await run(real)
    const late = answer.response.ok ? undefined : await waitingTask(ports, call)
    if (late) return answerWaiting(ports, call, late)
    return withNamesInList(ports, call, await withNames(call, answer, used))
  }
  if (call.match?.route.pool !== 'split') {
    // It may have begun since this isolate asked, too late to be cancelled. Then its deletion goes to the job.
    return answerWaiting(ports, call, first).catch((error: unknown) => {
      if (hasBegun(error)) return underRealIds(ports, call, run)
      throw error
    })
  }
  const left = withoutNames(real, new Set(waiting.map(({ name, asked }) => asked ?? name)))
  const isEmpty = idsOf(left, undefined).length === 0
  const begun = isEmpty ? undefined : await withNames(call, await run(left), used)
  return addWaiting(ports, call, waiting, begun)
}

/** A job that waits under a name of its client's, of which the provider knows nothing. Another isolate may have queued it just now. */
async function waitingTask(ports: Ports, call: Call): Promise<Waiting | undefined> {
  const tasks = taskNamesIn(call, true)
  if (tasks.length === 0) return undefined
  const { tenant, provider } = call
  ports.items.forget({ tenant, provider: provider.name }, tasks.map(asTask))
  return (await withRealIds(ports, call, tasks)).waiting[0]
}

/** Whether a call names, outside of its body, a job that has not begun. Only calls with a name of ours are asked about. */
export async function namesWaiting(ports: Ports, call: ProxyCall): Promise<boolean> {
  return (await withRealIds(ports, call, [])).waiting.length > 0
}

interface Named<C> {
  call: C
  /** The names by the real ids that have replaced them. */
  used: Used
  /** Jobs that the call names and that have not begun. */
  waiting: Waiting[]
  /** All names of ours in the call, and their items. */
  named: { name: string; item: string }[]
}

/** `tasks`: names of the client's own. */
async function withRealIds<C extends Call>(
  ports: Ports,
  call: C,
  tasks: readonly string[]
): Promise<Named<C>> {
  const real = new Map<string, string>()
  const waiting: Waiting[] = []
  const named: Named<C>['named'] = []
  const names = call.match ? marked(call) : []
  if (names.length + tasks.length === 0) return { call, used: real, waiting, named: [] }
  const items = await findItems(ports, call, [...names, ...tasks.map(asTask)])
  for (const name of names) {
    const shown = items.find((item) => item.item === name || item.names.includes(name))
    if (!shown) continue
    named.push({ name, item: shown.item })
    const job = jobOfName(shown, name)
    if ('id' in job) real.set(name, job.id)
    else waiting.push({ name, shown: job.shown })
  }
  const used = new Map(Array.from(real, ([name, id]) => [id, name]))
  for (const asked of tasks) {
    const shown = items.find(({ taskName }) => taskName === shortId(asked))
    const [name] = shown?.names ?? []
    if (!shown || name === undefined) continue
    const job = jobOfName(shown, name)
    // The provider knows the client's name, and its answer has an id of its own beside it.
    if ('id' in job) used.set(job.id, name)
    else waiting.push({ name, shown: job.shown, asked })
  }
  return { call: real.size === 0 ? call : withIds(call, real), used, waiting, named }
}

function marked(call: Call): string[] {
  return idsOf(call, call.json).flatMap(({ id }) => (markOf(id) ? [id] : []))
}

/** An answer that is not there must not look like an id that the provider does not know. */
async function findItems(ports: Ports, call: Call, names: string[]): Promise<ItemShown[]> {
  const { tenant, provider } = call
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  return ports.items.find(poolOf(tenant, provider.name, accounts), names).catch(() => {
    const message = 'What this id names could not be found out just now. Nothing was sent.'
    throw new AppError('account_unavailable', message, { retryAfterSeconds: RETRY_SECONDS })
  })
}

type Real = ReadonlyMap<string, string>

export function withIds<C extends Call>(call: C, real: Real): C {
  const { match } = call
  if (!match) return call
  const refs = match.route.ids
  const inPath = refs.filter((ref) => ref.in === 'path')
  const params = Object.entries(match.params).map(([at, text]) => {
    const ref = inPath.find((one) => one.at === at)
    return [at, ref ? swapped(text, ref, real) : text] as const
  })
  return {
    ...call,
    match: { ...match, params: Object.fromEntries(params) },
    path: pathWith(call, inPath, real),
    search: searchWith(call.search, refs, real),
    ...bodyWith(call, refs, real),
  }
}

/** The text of one place: an id, or a list of ids if the row says so. */
function swapped(text: string, { isList }: Pick<IdRef, 'isList'>, real: Real): string {
  if (!isList) return real.get(text) ?? text
  return text
    .split(',')
    .map((id) => real.get(id.trim()) ?? id)
    .join(',')
}

function pathWith({ path, match }: Call, refs: readonly IdRef[], real: Real): string {
  const form = match?.route.path.split('/') ?? []
  return path
    .split('/')
    .map((segment, index) => {
      const ref = refs.find(({ at }) => form[index] === `{${at}}`)
      return ref ? replacedIn(segment, ref, real) : segment
    })
    .join('/')
}

/** Only the values of the row's parameters change. Everything else stays byte for byte. */
function searchWith(search: string, refs: readonly IdRef[], real: Real): string {
  const places = refs.filter((ref) => ref.in === 'query')
  if (places.length === 0 || search === '') return search
  const pairs = search
    .slice(1)
    .split('&')
    .map((pair) => {
      const at = pair.indexOf('=')
      const name = decoded(pair.slice(0, at))
      const ref = at < 0 ? undefined : places.find((one) => one.at === name)
      return ref ? `${pair.slice(0, at + 1)}${replacedIn(pair.slice(at + 1), ref, real)}` : pair
    })
  return `?${pairs.join('&')}`
}

/** A bulk read without these names. They are in lists of the query. */
function withoutNames<C extends Call>(call: C, names: ReadonlySet<string>): C {
  const lists = (call.match?.route.ids ?? []).filter((ref) => ref.in === 'query' && ref.isList)
  const pairs = call.search
    .slice(1)
    .split('&')
    .flatMap((pair) => {
      const at = pair.indexOf('=')
      if (!lists.some((ref) => ref.at === decoded(pair.slice(0, at)))) return [pair]
      const ids = decoded(pair.slice(at + 1)).split(',')
      const left = ids.filter((id) => !names.has(id))
      if (left.length === ids.length) return [pair]
      return left.length === 0
        ? []
        : [`${pair.slice(0, at + 1)}${left.map(encodeURIComponent).join(',')}`]
    })
  return { ...call, search: pairs.length === 0 ? '' : `?${pairs.join('&')}` }
}

function replacedIn(encoded: string, ref: IdRef, real: Real): string {
  const text = decoded(encoded)
  const after = swapped(text, ref, real)
  return after === text ? encoded : after.split(',').map(encodeURIComponent).join(',')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

function bodyWith(call: Call, refs: readonly IdRef[], real: Real): Partial<Call> {
  const { body, json } = call
  const text = json !== undefined && body instanceof Uint8Array ? readUtf8(body) : undefined
  if (text === undefined) return {}
  const edits = refs
    .filter((ref) => ref.in === 'body')
    .flatMap(({ at }) => slicesAt(text, at))
    .flatMap((slice) => {
      const id = real.get(wholeText(text.slice(slice.start, slice.end)))
      return id === undefined ? [] : [{ ...slice, text: JSON.stringify(id) }]
    })
  if (edits.length === 0) return {}
  const once = new Map(edits.map((edit) => [edit.start, edit]))
  const after = new Uint8Array(new TextEncoder().encode(splice(text, [...once.values()])))
  return { body: after, json: parseJson(after) }
}

/** The text of a JSON string, or the digits of a number. */
function wholeText(json: string): string {
  const value = json.startsWith('"') ? parseJson(json) : json
  return typeof value === 'string' ? value : ''
}
