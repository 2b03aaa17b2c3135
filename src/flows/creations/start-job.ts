/**
 * Starts a job: picks the accounts, acquires a slot, sends the call, judges the answer, binds the job to its lease, answers.
 * A call that the provider may have accepted is never sent again, because its job may run and cost the client money.
 */
import type { Ports } from '#domain/ports/ports.ts'
import type { Verdict } from '#providers/contract/provider.ts'
import type { Eligible } from '#flows/routing/choose-accounts.ts'
import { createdOwners, learnIds } from '#flows/routing/learn-ids.ts'
import { passOn } from '#flows/routing/send-on.ts'
import { afterRefusal, releaseSlot } from '#flows/slots/release-slot.ts'
import { withShare } from '#flows/slots/take-share.ts'
import { serveWithSlot, type Attempt, type Granted } from '#flows/slots/take-slot.ts'
import { waitForSlot } from '#flows/slots/wait-for-slot.ts'
import { runWhereAssetsAre } from '#flows/uploads/copy-needed-assets.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { bindStartedJobs } from './bind-started-jobs.ts'
import { askOn, checkGrantedInTime, newCreation, type Creation } from './creation.ts'
import { joinRepeat } from '#flows/repeats/join-repeats.ts'
import { runOnePerName } from '#flows/repeats/one-per-client-name.ts'
import { recoverLostAnswer } from '#flows/repeats/recover-lost-answer.ts'
import { judgeCreation, sendCreation, type Received } from './send-creation.ts'

/** Defers the work before it is awaited, so that it runs to its end even if the client disconnects. */
export function startJob(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const work = joinRepeat(ports, call, () => {
    const begun = { ...call, begunAt: call.begunAt ?? ports.now() }
    return runOnePerName(ports, begun, () => createJob(ports, begun))
  })
  ports.defer(work.catch(() => {}))
  return work
}

/** Takes the token's share if it has limits, then picks the accounts that may serve the call, with the client's uploads in place. */
async function createJob(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const creation = newCreation(ports, call)
  const { slots } = creation
  return withShare(ports, call, creation.ask, () =>
    runWhereAssetsAre(ports, call, {
      slots,
      hasSent: () => creation.isSent,
      on(placed, eligible) {
        creation.call = placed
        return waitForSlot(ports, placed, eligible, slots, (among) =>
          createAmong(ports, creation, among)
        )
      },
    })
  )
}

/** Acquires a slot on one of these accounts. */
function createAmong(ports: Ports, creation: Creation, among: Eligible): Promise<ProxyAnswer> {
  return serveWithSlot(ports, creation.call, among, {
    ask: creation.ask,
    askOn: (account) => askOn(ports, creation, account),
    noteUnanswered: () => {
      creation.mayHaveStrayLease = true
    },
    attempt: (granted) => createOn(ports, creation, granted),
  })
}

/** Sends the call on the account that granted the slot. If the answer is lost, the client waits while its job is searched for. */
async function createOn(ports: Ports, creation: Creation, granted: Granted): Promise<Attempt> {
  const run = await runGranted(ports, creation, granted)
  if (run.kind !== 'unsure') return run
  return { kind: 'done', answer: await recoverLostAnswer(ports, creation.call, granted.account) }
}

/**
 * Sends the call on the account that granted the slot, and acts on the verdict. `unsure`: it may have been accepted, and the answer
 * names no job. Then the lease stays, and nothing else was done.
 */
export async function runGranted(
  ports: Ports,
  creation: Creation,
  granted: Granted
): Promise<Attempt | { kind: 'unsure' }> {
  const { call } = creation
  const { account } = granted
  await checkGrantedInTime(ports, creation, account)
  creation.isSent = true
  const received = await sendCreation(ports, creation, granted)
  const verdict = received && judgeCreation(ports, call, granted, received)
  if (!verdict || verdict.kind === 'unsure') return { kind: 'unsure' }
  if (verdict.kind === 'ok') {
    const answer = await accept(ports, creation, granted, received)
    return answer ? { kind: 'done', answer } : { kind: 'unsure' }
  }
  return refuse(ports, creation, granted, received, verdict)
}

/**
 * Handles an accepted call: binds the jobs that it started to the lease, or releases the slot if it started none. Undefined: it
 * should have started one, and does not name it.
 */
async function accept(
  ports: Ports,
  creation: Creation,
  granted: Granted,
  received: Received
): Promise<ProxyAnswer | undefined> {
  const { call } = creation
  const { match, provider, json, requestId } = call
  const { account } = granted
  const answer = toAnswer(granted, received)
  if (!match?.route.job) {
    await releaseSlot(ports, account, requestId)
    await learnIds(ports, call, createdOwners(call, account, received.body))
    return answer
  }
  const starts = provider.jobs.read(match, json, received.body)
  if (starts.length > 0) {
    await bindStartedJobs(ports, creation, granted, starts, received.body)
    return { ...answer, jobIds: starts.map((start) => start.jobId) }
  }
  if (!provider.jobs.isCheckOnly?.(match, json)) return undefined
  await releaseSlot(ports, account, requestId)
  return answer
}

/** Handles a call that certainly started nothing: releases the slot. The verdict decides whether another account is tried. */
async function refuse(
  ports: Ports,
  creation: Creation,
  granted: Granted,
  received: Received,
  verdict: Verdict
): Promise<Attempt> {
  const answer = {
    ...toAnswer(granted, received),
    ...(saysBusy(verdict, received) ? { isBusy: true as const } : {}),
  }
  const after = await afterRefusal(ports, creation.call, granted.account, verdict, answer)
  if (!after.isFreed) creation.mayHaveStrayLease = true
  return after.attempt
}

/** Several refusals may have the status 429: those for lack of money are doubts. */
function saysBusy(verdict: Verdict, { response: { status } }: Received): boolean {
  if (status !== 429) return false
  const isPause = verdict.kind === 'park' && verdict.order.reason === 'busy'
  return isPause || verdict.kind === 'refused'
}

function toAnswer({ account }: Granted, { response, bytes }: Received): ProxyAnswer {
  return { response: passOn(response, bytes), email: account.email }
}
