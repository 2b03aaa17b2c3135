/** Tools about jobs: look at one, wait for its end, list them, stop tracking one. */
import type { Scope } from '#domain/access/token.ts'
import type { Arguments, Field, ToolForm } from '#domain/mcp/tool.ts'
import { pauseBeforeAsking } from '#domain/mcp/waiting.ts'
import type { Lease } from '#domain/slots/lease.ts'
import { isObject } from '#domain/mcp/message.ts'
import type { Provider } from '#providers/contract/provider.ts'
import {
  FREE_SLOT,
  GET_JOB,
  LIST_JOBS,
  STOP_TRACKING,
  WAIT_FOR_JOB,
  WAIT_SECONDS,
} from './job-forms.ts'
import { accepted, rowsOf, toResult, type Tool, type ToolContext } from './tool-call.ts'

/** `input`: the argument that chooses among several providers. */
export function jobTools(
  input: Record<string, Field>,
  providerOf: (given: Arguments) => Provider
): Tool[] {
  const made = (
    form: ToolForm,
    needs: Scope,
    run: (context: ToolContext, provider: Provider, given: Arguments) => Promise<object>
  ): Tool => ({
    ...form,
    input: { ...form.input, ...input },
    needs,
    run: async (given, context) => toResult({ ...(await run(context, providerOf(given), given)) }),
  })
  return [
    made(GET_JOB, 'use', look),
    { ...made(WAIT_FOR_JOB, 'use', wait), isLong: true },
    made(LIST_JOBS, 'use', list),
    made(STOP_TRACKING, 'use', untrack),
    made(FREE_SLOT, 'full', free),
  ]
}

/** It waits in the line, and has not been sent. */
const QUEUED = 'queued'

type Job = ReturnType<typeof toJob>

function toJob(json: unknown) {
  const { jobid, requestId, type, email, status, status_final, detail, created, ended } = (
    isObject(json) ? json : {}
  ) as Record<string, string | null>
  const { place, startsAround, waitsFor } = isObject(json) ? json : {}
  return {
    job_id: jobid ?? null,
    request_id: requestId ?? '',
    type: type ?? '',
    account: email ?? null,
    status: status ?? '',
    done: Boolean(status_final),
    detail: detail ?? null,
    created: created ?? '',
    ended: ended ?? null,
    ...(typeof place === 'number' ? { place } : {}),
    ...(typeof startsAround === 'string' ? { starts_around: startsAround } : {}),
    ...(typeof waitsFor === 'string' ? { waits_for: waitsFor } : {}),
  }
}

interface Seen extends Job {
  result: Record<string, unknown> | null
}

/** The gateway's record, and the provider's own answer about the job. That answer also tells the gateway that the job has ended. */
async function look(context: ToolContext, provider: Provider, given: Arguments): Promise<Seen> {
  const job = await record(context, provider, String(given['job_id']))
  if (job.done && job.status !== 'completed' && job.status !== 'failed')
    return { ...job, result: null }
  // The provider does not know it yet.
  if (job.status === QUEUED) return { ...job, result: null }
  return askAbout(context, provider, job)
}

async function record(context: ToolContext, provider: Provider, id: string): Promise<Job> {
  const answer = await context.ask('GET', `/v1/${provider.name}/jobs/${encodeURIComponent(id)}`)
  return toJob(accepted(answer))
}

/** Reads the status at the provider. If the job is over, the record is read again, because the answer has ended it. */
async function askAbout(context: ToolContext, provider: Provider, job: Job): Promise<Seen> {
  const path = statusPathOf(provider, job)
  if (path === undefined) return { ...job, result: null }
  const answer = await context.ask('GET', `/${provider.name}${path}`)
  const result = answer.ok ? resultOf(provider, answer.json) : null
  const isNews = !job.done && (!answer.ok || isOver(provider, path, answer.json, answer.text))
  return { ...(isNews ? await record(context, provider, job.request_id) : job), result }
}

function statusPathOf(provider: Provider, { job_id, type }: Job): string | undefined {
  if (job_id === null) return undefined
  // The row that made the job is all that is read of the lease.
  return provider.jobs.startOf({ route: type } as Lease, job_id)?.ask
}

const OVER = new Set(['completed', 'failed', 'deleted', 'ending'])

function isOver(provider: Provider, path: string, json: unknown, body: string): boolean {
  const url = new URL(path, 'http://path')
  const match = provider.routes.match('GET', url.pathname)
  if (!match) return false
  const reports = provider.jobs.readReports(match, url.searchParams, json, body)
  return reports.some(({ state }) => OVER.has(state))
}

function resultOf(provider: Provider, json: unknown): Record<string, unknown> | null {
  if (provider.agents) return provider.agents.jobResult(json)
  return isObject(json) ? json : null
}

/** Asks until the job has ended, the time is over, or the agent has gone. */
async function wait(
  context: ToolContext,
  provider: Provider,
  given: Arguments
): Promise<Record<string, unknown>> {
  const { ports, signal, startedAt, tell } = context
  const { timeScale } = ports.settings
  const seconds = Number(given['max_seconds'] ?? WAIT_SECONDS)
  const endsAt = startedAt + (seconds * 1000) / timeScale
  let job = await look(context, provider, given)
  while (!job.done && ports.now() < endsAt && !signal.aborted) {
    const waitedMs = ports.now() - startedAt
    const waited = (waitedMs * timeScale) / 1000
    tell(waited, seconds, `${wordOf(job)}; waited ${Math.round(waited)} s`)
    await ports.after(pauseBeforeAsking(waitedMs, endsAt - ports.now(), ports.durations), signal)
    if (!signal.aborted) job = await lookAgain(context, provider, job)
  }
  if (job.done) return { ...job }
  const what = job.status === QUEUED ? 'waits for a slot' : 'runs'
  return {
    ...job,
    next: `The job still ${what}. Call wait_for_job again with the same arguments.`,
  }
}

function wordOf({ status, place }: Job): string {
  return place === undefined ? status : `${status} at place ${place}`
}

/** A job without a status of the provider's is read from the gateway's record, such as one whose creation has no answer yet. */
async function lookAgain(context: ToolContext, provider: Provider, job: Seen): Promise<Seen> {
  // Its place changes, and only the record says when it is no longer queued.
  if (job.status === QUEUED) {
    return look(context, provider, { job_id: job.job_id ?? job.request_id })
  }
  if (statusPathOf(provider, job) !== undefined) return askAbout(context, provider, job)
  return askAbout(context, provider, await record(context, provider, job.request_id))
}

async function list(
  context: ToolContext,
  provider: Provider,
  { state, account, limit = 20, cursor }: Arguments
): Promise<Record<string, unknown>> {
  const query = new URLSearchParams({ limit: String(limit) })
  for (const [name, value] of Object.entries({ state, account, cursor })) {
    if (value !== undefined) query.set(name, String(value))
  }
  const page = accepted(await context.ask('GET', `/v1/${provider.name}/jobs?${query}`))
  const { jobs, next } = isObject(page) ? page : {}
  return { jobs: rowsOf(jobs).map(toJob), next_cursor: next ?? null }
}

async function untrack(
  context: ToolContext,
  provider: Provider,
  given: Arguments
): Promise<object> {
  const { path, id } = trackedPath(provider, given)
  accepted(await context.ask('DELETE', path))
  const note =
    'The job is no longer tracked. It was not cancelled, and holds its slot until it ends.'
  return { job_id: id, note }
}

async function free(context: ToolContext, provider: Provider, given: Arguments): Promise<object> {
  const { path, id } = trackedPath(provider, given)
  accepted(await context.ask('DELETE', `${path}?force=true`))
  return { job_id: id, note: 'The slot is free. The job itself was not cancelled.' }
}

function trackedPath({ name }: Provider, given: Arguments): { id: string; path: string } {
  const id = String(given['job_id'])
  return { id, path: `/v1/${name}/scheduler/${encodeURIComponent(id)}` }
}
