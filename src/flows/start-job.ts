/**
 * Creates a job: pick, acquire, send, judge, bind, answer. The creation, its binding and its answer run to their end
 * even when the client goes away, and it is sent to a second account only on a received refusal: once it may have
 * been accepted it is never sent again, because it may be running and paid for.
 */
import { parseJson } from '#domain/json-text.ts'
import type { Account } from '#domain/account.ts'
import { keptClue } from '#domain/clue.ts'
import { AppError } from '#domain/errors.ts'
import type { JobStart, LeaseAsk } from '#domain/lease.ts'
import type { Owner, Ports } from '#domain/ports.ts'
import { chooseAccounts } from './choose-accounts.ts'
import { createdOwners, learnIds } from './learn-ids.ts'
import { onceByKey } from './once-by-key.ts'
import { namesOf, onceByName } from './once-by-name.ts'
import { isTicketed, replyOf, withOwnCallback } from './own-callback.ts'
import { unknownOutcome } from './outcome-unknown.ts'
import type { ProxyAnswer, ReadCall } from './proxy-call.ts'
import { judgeFor, passOn, sendOn } from './send-on.ts'
import { SlotSearch, type Attempt } from './take-slot.ts'
import { readBytes } from './upstream.ts'
import { waitForSlot } from './wait-for-slot.ts'

const ANSWER_BYTES_MAX = 1024 * 1024

/** By construction the work outlives the client: it is deferred first and awaited second. */
export function startJob(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const work = onceByKey(ports, call, () => onceByName(ports, call, () => createJob(ports, call)))
  ports.defer(work.catch(() => {}))
  return work
}

async function createJob(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const ask = leaseAskOf(ports, call)
  const eligible = await chooseAccounts(ports, call, call.json)
  return waitForSlot(ports, call, eligible, () => {
    const search = new SlotSearch(ports, call, eligible, ask, (account) => ({
      isTicketed: isTicketed(ports, call, account),
    }))
    return search.serve((account) => createOn(ports, call, account))
  })
}

/** A creation that has no status row holds its slot for the call, not longer. */
function leaseAskOf(ports: Ports, call: ReadCall): LeaseAsk {
  const { provider, match, json } = call
  if (!match) throw new Error('a creation without a row')
  const { route } = match
  const expected = provider.expectedJob(match, json)
  const reply = replyOf(ports, call)
  return {
    leaseId: call.requestId,
    tenant: call.tenant,
    kind: route.job ? 'job' : 'call',
    route: `${route.method} ${route.path}`,
    count: provider.countJobs(match, json),
    slots: provider.slotsPerJob?.(match, json) ?? 1,
    clue: keptClue(provider.clueOf(json, call)),
    ...(call.limit === undefined ? {} : { limit: call.limit }),
    ...(route.job?.meter === undefined ? {} : { meter: route.job.meter }),
    ...(reply === undefined ? {} : { reply }),
    isTold: provider.events?.tells(route) === true,
    ...(expected === undefined ? {} : { expected }),
  }
}

async function createOn(ports: Ports, call: ReadCall, account: Account): Promise<Attempt> {
  const { sent, bytes } = await receive(ports, call, account)
  const body = parseJson(bytes)
  const { status, headers } = sent
  const judged = { status, headers, body, isJobCall: true, now: ports.now(), match: call.match }
  const verdict = judgeFor(call, judged)
  const answer: ProxyAnswer = { response: passOn(sent, bytes), email: account.email }
  if (verdict.kind === 'unsure') throw await unknown(ports, call, account)
  if (verdict.kind === 'ok') {
    return { kind: 'done', answer: await accept(ports, call, account, body, answer) }
  }
  await giveBack(ports, account, call.requestId)
  if (verdict.kind === 'caller') return { kind: 'done', answer }
  return { kind: 'refused', answer, ...(verdict.kind === 'park' ? { order: verdict.order } : {}) }
}

/**
 * The whole answer within the time that a creation has. Anything less leaves the outcome unknown: the lease stays and
 * the account's alarm finds out. An error of our own before the call was made gives the slot back.
 */
async function receive(
  ports: Ports,
  call: ReadCall,
  account: Account
): Promise<{ sent: Response; bytes: Uint8Array<ArrayBuffer> }> {
  const giveUp = AbortSignal.timeout(ports.waits.createGiveUpMs)
  const sending = withOwnCallback(ports, call, account).then((own) =>
    sendOn(ports, own, account, giveUp)
  )
  const sent = await sending.catch(async (error: unknown) => {
    if (error instanceof AppError) throw await unknown(ports, call, account)
    await giveBack(ports, account, call.requestId)
    throw error
  })
  const bytes = await readBytes(sent.body, ANSWER_BYTES_MAX).catch(() => undefined)
  if (!bytes) throw await unknown(ports, call, account)
  return { sent, bytes }
}

/** The name that the client gave it is remembered: sent again, it meets the first one at the same account. */
async function unknown(ports: Ports, call: ReadCall, account: Account): Promise<AppError> {
  const owners = namesOf(call).map((id): Owner => {
    return { id, email: account.email, source: 'created', mayBeShared: false }
  })
  await learnIds(ports, call, owners)
  return unknownOutcome(call.provider.name, call.requestId, account.email)
}

async function accept(
  ports: Ports,
  call: ReadCall,
  account: Account,
  body: unknown,
  answer: ProxyAnswer
): Promise<ProxyAnswer> {
  const { match, provider, json, requestId } = call
  if (!match?.route.job) {
    await giveBack(ports, account, requestId)
    await learnIds(ports, call, createdOwners(call, account, body))
    return answer
  }
  const starts = provider.readJobs(match, json, body)
  if (starts.length === 0) throw await unknown(ports, call, account)
  await bindJobs(ports, call, account, starts, body)
  return { ...answer, jobIds: starts.map((start) => start.jobId) }
}

/** If binding fails the client still gets its job; the lease stays and the alarm finds the job by itself. */
async function bindJobs(
  ports: Ports,
  call: ReadCall,
  account: Account,
  starts: JobStart[],
  answer: unknown
): Promise<void> {
  const jobs: Owner[] = starts.map((start) => ({
    id: start.jobId,
    email: account.email,
    source: 'created',
    mayBeShared: false,
    lease: call.requestId,
  }))
  const others = createdOwners(call, account, answer)
  const owners = [...jobs, ...others.filter((one) => !jobs.some((job) => job.id === one.id))]
  for (const watch of starts.flatMap((start) => start.watch)) {
    for (const state of ['completed', 'failed', 'waiting']) {
      ports.toldEnds.delete(`${account.key} ${watch} ${state}`)
    }
  }
  const results = await Promise.allSettled([
    ports.slots(account.key).bind(call.requestId, starts),
    learnIds(ports, call, owners),
  ])
  if (results.every((result) => result.status === 'fulfilled')) return
  ports.log('bind_failed', { email: account.email, requestId: call.requestId })
}

/** A slot that cannot be given back now comes back by the alarm. */
export async function giveBack(ports: Ports, account: Account, leaseId: string): Promise<void> {
  await ports
    .slots(account.key)
    .release(leaseId)
    .catch(() => ports.log('release_failed', { email: account.email, requestId: leaseId }))
  ports.hints.noteFreed(account.key)
}
