/** The control API for accounts and tasks at Kling: the same calls, with `provider: 'kling'`. */
import { endJob } from '../jobs/jobs.ts'
import { outsideDuration } from '../jobs/plan.ts'
import { getKling, type KlingFields, putKling } from '../kling/accounts/accounts.ts'
import { asDoc, asText } from '../kling/answers/call.ts'
import { beginTask, RISK_TEXT, slotsTaken } from '../kling/creations/start.ts'
import { addOwn, type ResourceType } from '../kling/resources/resources.ts'
import { isTask } from '../kling/tasks/task.ts'
import { PACK_TYPES } from '../state/kling-account.ts'
import type { State } from '../state/state.ts'
import type { Account, Failure, Job, Resource } from '../state/types.ts'
import type { Doc } from '../text/json.ts'
import { addKlingExamples } from './kling-examples.ts'

export function isForKling(body: Doc, url: URL): boolean {
  return (body.provider ?? url.searchParams.get('provider')) === 'kling'
}

export function changeKling(state: State, body: Doc, origin: string): unknown {
  const account = putKling(state, body as KlingFields)
  if (account.examples) addKlingExamples(state, account, origin)
  return toKlingView(state, account)
}

/** All fields on one level, as the control API takes them. */
export function toKlingView(state: State, account: Account): Doc {
  const known = getKling(state, account.email)
  if (!known) return {}
  const { kling, key: _, ...view } = known
  const inFlightByType = Object.fromEntries(
    PACK_TYPES.map((type) => [type, slotsTaken(state, known, type)])
  )
  const slots = Object.values(inFlightByType).reduce((sum, each) => sum + each, 0)
  const tasksInFlight = (state.active.get(known.key)?.size ?? 0) + countSync(state, known)
  return { provider: 'kling', ...view, ...kling, inFlight: slots, inFlightByType, tasksInFlight }
}

function countSync(state: State, account: Account): number {
  return state.syncCalls.get(account.key) ?? 0
}

export function findKlingView(state: State, email: string): Doc | undefined {
  const account = getKling(state, email)
  return account && toKlingView(state, account)
}

/** A task that did not come through the gateway. */
export function startKlingOutside(state: State, body: Doc, origin: string): Job | undefined {
  const account = getKling(state, String(body.account))
  if (!account) return undefined
  const outcome = toOutcome(body.outcome)
  const id = asText(body.id)
  return beginTask(state, account, {
    ...(id ? { id } : {}),
    path: asText(body.path) ?? '/v1/videos/text2video',
    row: 'outside',
    origin,
    body: { prompt: 'Outside', ...asDoc(body.body) },
    externalId: asText(body.callbackId) ?? asText(body.externalTaskId) ?? null,
    callbackUrl: asText(body.callbackUrl) ?? null,
    watermark: false,
    durationMs: outsideDuration(state, body),
    outcome,
    failure: toFailure(outcome, body),
  })
}

export function finishKling(state: State, job: Job, body: Doc): boolean {
  if (!isTask(job)) return false
  const outcome = toOutcome(body.status)
  endJob(state, job, { outcome, failure: toFailure(outcome, body) })
  return true
}

/** `completed`, and what Kling's two designs call it. */
function toOutcome(word: unknown): string {
  const done = [undefined, null, 'completed', 'succeed', 'succeeded']
  return done.includes(word as string) ? 'completed' : String(word)
}

function toFailure(outcome: string, body: Doc): Failure | null {
  if (outcome === 'completed') return null
  return { code: String(body.code ?? 'failed'), message: asText(body.message) ?? RISK_TEXT }
}

/** `resource` is video, audio, element, voice or session. */
export function addKlingResource(state: State, body: Doc): Resource | undefined {
  const account = getKling(state, String(body.account))
  if (!account) return undefined
  const id = asText(body.id) ?? String(state.nextSeq())
  return addOwn(state, account, String(body.resource) as ResourceType, id, asDoc(body.doc))
}
