/** The control API, /__sim: reads what the simulator saw and counted, moves its clock, sets faults. No authentication. */
import { sendOne } from '../events/deliveries.ts'
import { addFault, findUnknownEffect } from '../faults/faults.ts'
import { putAccount, removeAccount } from '../heygen/accounts/accounts.ts'
import { addPublic, growPublic } from '../heygen/resources/public.ts'
import { addResource } from '../heygen/resources/resources.ts'
import { settleAndSend } from '../jobs/alarm.ts'
import { endJob, startJob } from '../jobs/jobs.ts'
import { isFailed, toFailure } from '../jobs/outcomes.ts'
import { outsideDuration } from '../jobs/plan.ts'
import { removeKling } from '../kling/accounts/accounts.ts'
import { newId } from '../state/ids.ts'
import { newHex } from '../state/random.ts'
import { newBodies, type State } from '../state/state.ts'
import type { Account, Fault, Job, Settings } from '../state/types.ts'
import type { Doc } from '../text/json.ts'
import { toBillView } from './bill.ts'
import { addHeygenExamples } from './heygen-examples.ts'
import {
  addKlingResource,
  changeKling,
  findKlingView,
  finishKling,
  isForKling,
  startKlingOutside,
} from './kling.ts'
import { controlOauth, showOauth } from './oauth.ts'
import { readSunset } from './sunset.ts'
import { toBodiesView, toJobView, toStateView } from './views.ts'

type ControlCall = { state: State; body: Doc; url: URL; id: string }
type Action = (call: ControlCall) => unknown

class BadControlCall extends Error {}

export async function control(state: State, request: Request, url: URL): Promise<Response> {
  const [, , name = '', id = ''] = url.pathname.split('/').map(decodeURIComponent)
  const action = ACTIONS[`${request.method} ${name}${id ? '/' : ''}`]
  if (!action) return Response.json({ error: 'Unknown control call' }, { status: 404 })
  try {
    const text = request.method === 'GET' ? '' : await request.text()
    const body = (text ? JSON.parse(text) : {}) as Doc
    return Response.json((await action({ state, body, url, id })) ?? { ok: true })
  } catch (error) {
    if (!(error instanceof BadControlCall) && !(error instanceof SyntaxError)) throw error
    return Response.json({ error: error.message }, { status: 400 })
  }
}

function getAccount(state: State, email: unknown): Account {
  const account = state.accounts.get(String(email).toLowerCase())
  if (!account) throw new BadControlCall(`No account ${String(email)}`)
  return account
}

function requireKling<T>(found: T | undefined, email: unknown): T {
  if (found === undefined) throw new BadControlCall(`No account ${String(email)} at Kling`)
  return found
}

/** By its own id, or by that of a resource that it makes: the newest job of a trained group, a session or a batch item. */
function getJob(state: State, id: string): Job {
  const isForEntity = (job: Job): boolean => job.doc.entityId === id
  const making = state.resources.values().find((each) => each.id === id && each.jobId !== undefined)
  const job =
    state.jobs.get(id) ??
    [...state.jobs.values()].findLast(isForEntity) ??
    state.jobs.get(making?.jobId ?? '')
  if (!job) throw new BadControlCall(`No job ${id}`)
  return job
}

const changeAccount: Action = ({ state, body, url }) => {
  const fields = body as unknown as Partial<Account> & { email: string }
  if (typeof fields.email !== 'string') throw new BadControlCall('email is needed')
  if (isForKling(body, url)) return changeKling(state, body, url.origin)
  const account = putAccount(state, withSunset(fields))
  if (fields.examples) addHeygenExamples(state, account)
  return account
}

const RATES = ['loseRate', 'doubleRate', 'reorderRate', 'lateRate', 'earlyRate'] as const

const COUNTS = ['publicLooks', 'publicVoices'] as const
const PUBLIC_MAX = 10_000

const KEY_MODES: readonly Settings['keyMode'][] = [
  'key-first',
  'validates-first',
  'stores-refusals',
  'ignores',
]

const changeSettings: Action = ({ state, body }) => {
  for (const name of RATES) assertNumber(body, name, 1)
  assertNumber(body, 'lateMs', Infinity)
  assertWord(body, 'keyMode', KEY_MODES)
  assertWord(body, 'strict', [true, false])
  for (const name of COUNTS) assertNumber(body, name, PUBLIC_MAX)
  const settings = state.changeSettings(withSunset(body) as Partial<Settings>)
  if (COUNTS.some((name) => name in body)) growPublic(state)
  return settings
}

function withSunset<T extends { sunset?: unknown }>(body: T): T {
  if (body.sunset === undefined || body.sunset === null) return body
  const sunset = readSunset(body.sunset)
  if (sunset) return { ...body, sunset }
  throw new BadControlCall('sunset must be true, false, a manner, or a manner for each family')
}

function assertNumber(body: Doc, name: string, max: number): void {
  const value = body[name]
  if (value === undefined || (typeof value === 'number' && value >= 0 && value <= max)) return
  throw new BadControlCall(`${name} must be a number from 0 to ${max}`)
}

function assertWord(body: Doc, name: string, words: readonly unknown[]): void {
  const value = body[name]
  if (value === undefined || words.some((word) => word === value)) return
  throw new BadControlCall(`${name} must be one of ${words.join(', ')}`)
}

/** What falls due happens before the answer, webhooks included. */
const moveClock: Action = async ({ state, body }) => {
  state.advance(Number(body.advanceMs) || 0)
  await settleAndSend(state)
  return { now: state.now() }
}

const listRequests: Action = ({ state, url }) => {
  const since = Number(url.searchParams.get('since') ?? 0)
  const account = url.searchParams.get('account')?.toLowerCase()
  return state.requests.filter((each) => each.n > since && (!account || each.account === account))
}

const endOne: Action = async ({ state, body, id }) => {
  const job = getJob(state, id)
  finish(state, job, body)
  await settleAndSend(state)
  return toJobView(job)
}

function finish(state: State, job: Job, body: Doc): void {
  if (finishKling(state, job, body)) return
  const outcome = String(body.status ?? 'completed')
  const failure = isFailed(outcome) ? toFailure(body.code as string, body.message as string) : null
  endJob(state, job, { outcome, failure })
}

const endAll: Action = async ({ state, body }) => {
  const running = [...state.active.values()].flatMap((jobs) => [...jobs])
  for (const job of running) finish(state, job, body)
  await settleAndSend(state)
  return { ended: running.length }
}

/** A job that did not come through the gateway, as if a person had started it in the web app. */
const startOutside: Action = ({ state, body, url }) => {
  if (isForKling(body, url)) {
    return toJobView(requireKling(startKlingOutside(state, body, url.origin), body.account))
  }
  const account = getAccount(state, body.account)
  const type = String(body.type ?? 'video')
  const id = String(body.id ?? newId(type))
  const title = String(body.title ?? 'Outside')
  const outcome = String(body.outcome ?? 'completed')
  const callbackId = typeof body.callbackId === 'string' ? body.callbackId : null
  const job = startJob(state, account, {
    id,
    creation: newHex(8),
    type,
    row: 'outside',
    durationMs: outsideDuration(state, body),
    outcome,
    failure: isFailed(outcome) ? toFailure() : null,
    callbackId,
    callbackUrl: null,
    doc: { title, origin: url.origin, entityId: id },
  })
  addResource(state, account.email, {
    type,
    id,
    jobId: id,
    doc: { title, callback_id: callbackId },
  })
  return toJobView(job)
}

const addOutside: Action = ({ state, body, url }) => {
  if (isForKling(body, url)) return requireKling(addKlingResource(state, body), body.account)
  const account = getAccount(state, body.account)
  const type = String(body.resource ?? body.type)
  const doc = { title: 'Outside', ...(body.doc as Doc) }
  const id = typeof body.id === 'string' ? { id: body.id } : {}
  return addResource(state, account.email, { type, form: String(body.form ?? ''), doc, ...id })
}

const planNext: Action = ({ state, body }) => {
  const plan = { ...body, key: newHex(4), times: Number(body.times ?? 1) }
  return state.plans.put(plan)
}

const dropAll =
  (of: 'faults' | 'plans' | 'deliveries' | 'bill'): Action =>
  ({ state }) =>
    state[of].clear()

const listDeliveries: Action = ({ state, url }) => {
  const wanted = url.searchParams.get('state')
  return [...state.deliveries.values()].filter((each) => !wanted || each.state === wanted)
}

/** Sends what waits, or the one with `key`; with `again` also what was sent before. Answers the deliveries as they are then. */
const sendWebhooks: Action = async ({ state, body }) => {
  const isWaiting = (text: string): boolean => text === 'held' || text === 'due'
  const chosen = [...state.deliveries.values()].filter((each) =>
    body.key
      ? each.key === body.key
      : isWaiting(each.state) ||
        (body.again === true && each.state !== 'lost' && each.state !== 'blocked')
  )
  const order = body.order === 'reverse' ? chosen.toReversed() : chosen
  const sent = []
  for (const delivery of order) sent.push(await sendOne(state, delivery))
  return sent
}

const ACTIONS: Record<string, Action> = {
  'GET state': ({ state, url }) => toStateView(state, url),
  'POST accounts': changeAccount,
  'GET accounts/': ({ state, id, body, url }) =>
    isForKling(body, url) ? requireKling(findKlingView(state, id), id) : getAccount(state, id),
  'DELETE accounts/': ({ state, id, body, url }) => ({
    removed: isForKling(body, url) ? removeKling(state, id) : removeAccount(state, id),
  }),
  'GET settings': ({ state }) => state.settings,
  'POST settings': changeSettings,
  'POST clock': moveClock,
  'GET oauth': ({ state }) => showOauth(state),
  'POST oauth': ({ state, body }) => {
    const done = controlOauth(state, body)
    if (typeof done === 'string') throw new BadControlCall(done)
    return done
  },
  'GET requests': listRequests,
  'DELETE requests': ({ state }) => {
    state.requests = []
  },
  'GET jobs/': ({ state, id }) => toJobView(getJob(state, id)),
  'POST jobs': startOutside,
  'POST jobs/': endOne,
  'POST finish': endAll,
  'POST resources': addOutside,
  'POST next': planNext,
  'DELETE next': dropAll('plans'),
  'GET faults': ({ state }) => [...state.faults.values()],
  'POST faults': ({ state, body }) => {
    const { effect = {} } = body as Partial<Fault>
    const unknown = findUnknownEffect(effect)
    if (unknown !== undefined) throw new BadControlCall(`${unknown} is no effect of a fault`)
    return addFault(state, body as Partial<Fault>)
  },
  'DELETE faults': dropAll('faults'),
  'DELETE faults/': ({ state, id }) => ({ removed: state.faults.delete(id) }),
  'GET bill': ({ state, url }) => toBillView(state, url.searchParams.get('account')?.toLowerCase()),
  'DELETE bill': dropAll('bill'),
  'GET bodies': ({ state, url }) => toBodiesView(state, url),
  'DELETE bodies': ({ state }) => {
    state.bodies = newBodies()
  },
  'GET webhooks': listDeliveries,
  'POST webhooks': sendWebhooks,
  'DELETE webhooks': dropAll('deliveries'),
  'POST reset': ({ state }) => {
    state.reset()
    addPublic(state)
  },
}
