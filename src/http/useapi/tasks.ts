/** `/v1/{provider}/tasks` and the calls that start tasks: useapi.net's surface on the provider's API (useapi.md 2.4, 2.5). */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { markOf } from '#domain/queue/item-name.ts'
import type { Lease } from '#domain/slots/lease.ts'
import { ownScopeOf } from '#domain/visibility/own-scope.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { findJob } from '#flows/jobs/find-job.ts'
import { reachableUploads } from '#flows/uploads/keep-upload.ts'
import type { BuiltCall, Provider, UseapiTasks, TaskCall } from '#providers/contract/provider.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { readBody, readQuery } from '#http/request/read-body.ts'
import { makeReply } from '#http/calls/reply-url.ts'
import { newApp, route, type App } from '#http/request/route.ts'
import { addUploads } from '#http/uploads/uploads.ts'
import { accountHeader, sendUseapi, sentHeaders, type Sent, useapiErrors } from './useapi-call.ts'

const task = z.looseObject({ task: z.looseObject({ id: z.nullable(z.string()) }) })
const history = z.object({ history: z.array(z.looseObject({})) })
const ofOne = z.strictObject({ email: z.optional(z.string()) })
const ofList = z.strictObject({
  email: z.optional(z.string()),
  pageSize: z._default(z.int().check(z.gte(1), z.lte(500)), 40),
  createdBefore: z.optional(z.int().check(z.gte(0))),
  createdAfter: z.optional(z.int().check(z.gte(0))),
  contentType: z.optional(z.enum(['video', 'image', 'audio'])),
})

/** Fields that every call may have. */
const usual = {
  email: z.optional(z.string()),
  maxJobs: z.optional(z.int().check(z.gte(1))),
  replyUrl: z.optional(z.string()),
  replyRef: z.optional(z.string()),
}

export function tasks(provider: Provider, mapping: UseapiTasks): App {
  const app = newApp()
  if (mapping.uploads) addUploads(app, provider, mapping.uploads)
  for (const call of mapping.calls) addCall(app, provider, mapping, call)

  route(
    app,
    {
      method: 'get',
      path: '/tasks',
      summary: 'Tasks, newest first',
      query: ofList,
      answers: { 200: history, ...useapiErrors },
    },
    async (c) => {
      const { email, pageSize, createdBefore, createdAfter, contentType } = readQuery(c, ofList)
      if (createdBefore !== undefined && createdAfter !== undefined) {
        throw new AppError('bad_request', 'give createdBefore or createdAfter, not both')
      }
      const page = { size: pageSize, before: createdBefore, after: createdAfter, contentType }
      const { path, body } = built(mapping.list(page))
      const sent = await sendUseapi(c, provider, { method: 'POST', path, email, body })
      return c.json(mapping.historyView(sent.json), 200, accountHeader(sent.email))
    }
  )

  route(
    app,
    {
      method: 'get',
      path: '/tasks/{task_id}',
      summary: 'A task and what it made',
      query: ofOne,
      answers: { 200: task, ...useapiErrors },
    },
    async (c) => {
      const { email } = readQuery(c, ofOne)
      const id = c.req.param('task_id') ?? ''
      const { sent, path } = await readTask(c, provider, mapping, { id, email })
      const view = mapping.taskView(sent.json, path)
      if (!view) throw unknownTask(id)
      return c.json(view, 200, sentHeaders(sent))
    }
  )

  for (const { method, path, why } of mapping.missing) {
    app.on([method], [path.replaceAll(/\{(\w+)\}/g, ':$1')], () => {
      throw new AppError('not_implemented', why)
    })
  }
  return app
}

function addCall(app: App, provider: Provider, mapping: UseapiTasks, call: TaskCall): void {
  const form = z.strictObject({ ...usual, ...call.fields })
  route(
    app,
    {
      method: 'post',
      needs: 'use',
      kind: call.answer ? 'speech' : 'jobs',
      path: call.path,
      summary: `useapi.net's ${call.path}`,
      body: form,
      form: true,
      answers: { 200: call.answer ? z.looseObject({}) : task, ...useapiErrors },
    },
    async (c) => {
      const read = (await readBody(c, form)) as Record<string, unknown>
      const { email, maxJobs, replyUrl, replyRef, ...fields } = read as z.infer<
        z.ZodMiniObject<typeof usual>
      > &
        Record<string, unknown>
      const reading = (id: string) =>
        readTask(c, provider, mapping, { id, email }).then(({ sent }) => sent.json)
      checkLimit(c, provider, maxJobs)
      const named = await reachable(c, mapping, fields)
      const { path, body } = built(await call.build(named, reading))
      const sent = await sendUseapi(c, provider, {
        method: 'POST',
        path,
        email,
        body,
        limit: maxJobs,
        reply: makeReply(c, {
          url: replyUrl,
          ref: replyRef,
          urlName: 'replyUrl',
          refName: 'replyRef',
          form: 'task',
        }),
      })
      const view = call.answer?.(sent.json) ?? mapping.createdView(sent.json, { path, fields })
      return c.json(view, sent.isQueued ? 202 : 200, sentHeaders(sent))
    }
  )
}

/** Puts uploads that the provider cannot fetch into the body. */
async function reachable(
  c: Context<AppEnv>,
  { uploads }: UseapiTasks,
  fields: Record<string, unknown>
): Promise<Record<string, unknown>> {
  if (!uploads) return fields
  const { tenant, id: tokenId } = c.get('caller')
  const uploader = { tenant, tokenId, origin: new URL(c.req.url).origin }
  return reachableUploads(c.get('ports'), uploads, uploader, fields)
}

/** Checks the call's own `maxJobs`. It has the range of an account's `maxJobs` and can only lower that limit. */
function checkLimit(c: Context<AppEnv>, provider: Provider, limit: number | undefined): void {
  const ceiling = provider.accounts.maxJobsLimit(c.get('ports').settings)
  if (limit !== undefined && limit > ceiling) {
    throw new AppError('bad_request', `maxJobs: must be an integer from 1 to ${ceiling}`)
  }
}

function built(call: BuiltCall): { path: string; body: unknown } {
  if ('wrong' in call) throw new AppError('bad_request', call.wrong)
  return call
}

/**
 * Reads a task at the status path of its creation, else at the provider's general one. A task that is only suspected to belong
 * to a lost creation is shown by its own id, not as that creation's.
 */
async function readTask(
  c: Context<AppEnv>,
  provider: Provider,
  mapping: UseapiTasks,
  { id, email }: { id: string; email: string | undefined }
): Promise<{ sent: Sent; path: string }> {
  const own = ownScopeOf(c.get('caller'))
  const found = await findJob(c.get('ports'), provider, c.get('caller').tenant, id, own)
  const lease = found?.record.lease
  if (lease?.state === 'suspect' && lease.jobId !== id) throw unknownTask(id)
  const path = statusPath(id, lease) ?? mapping.taskPath(id)
  // A token that sees only its own names no account. Its ids lead there.
  const on = email ?? (found?.account && !own ? found.account.email : undefined)
  const sent = await sendUseapi(c, provider, { method: 'GET', path, email: on }).catch(
    (error: unknown) => {
      throw error instanceof AppError && error.code === 'not_found' ? unknownTask(id) : error
    }
  )
  return { sent, path }
}

/** A queued task is asked about by its name, which its answer then shows. */
function statusPath(id: string, lease: Pick<Lease, 'ask' | 'jobId'> | undefined) {
  const { ask, jobId } = lease ?? {}
  if (ask === undefined || jobId === undefined || !markOf(id)) return ask
  const places = ask.split(/([/?=&,])/)
  return places.map((place) => (place === jobId ? id : place)).join('')
}

function unknownTask(id: string): AppError {
  return new AppError('not_found', `Unable to locate task_id ${id}`)
}
