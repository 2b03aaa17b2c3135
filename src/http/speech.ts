/** `/v1/{provider}/tts/*`: useapi.net's text-to-speech on the provider's own (reference/useapi.md 1.8-1.10). */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import * as z from 'zod'
import { emailToHeader } from '#domain/account.ts'
import { AppError, NO_CONFIGURATION } from '#domain/errors.ts'
import { dispatchRequest } from '#flows/dispatch-request.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/proxy-call.ts'
import type { Provider, ProviderSpeech } from '#providers/provider.ts'
import type { AppEnv } from './app-env.ts'
import { preferredWait } from './prefer-wait.ts'
import { readBody, readQuery } from './read-body.ts'
import { ownError, route, type App } from './route.ts'

const PAGE_MAX = 100

const voicesQuery = z.strictObject({
  email: z.string().optional(),
  page: z.number().int().min(1).default(1),
  limit: z.number().int().min(1).max(10_000).default(29),
  language: z.string().optional(),
  voice_id: z.string().min(1).optional(),
})
const languagesQuery = z.strictObject({ email: z.string().optional() })

const audio = z.object({
  audio_url: z.string(),
  duration: z.number(),
  is_pass: z.boolean(),
  job_id: z.null(),
  word_timestamps: z.array(z.looseObject({})),
})
const languages = z.object({ languages: z.array(z.looseObject({})) })
const errors = {
  404: ownError,
  412: ownError,
  422: ownError,
  502: ownError,
  503: ownError,
  596: ownError,
}

export function speech(provider: Provider, mapping: ProviderSpeech): App {
  const app = new OpenAPIHono<AppEnv>()
  const form = z.strictObject({ email: z.string().optional(), ...mapping.fields })

  route(
    app,
    {
      method: 'post',
      path: '/create',
      summary: 'Speak a text',
      body: form,
      form: true,
      answers: { 200: audio, ...errors },
    },
    async (c) => {
      const { email, ...fields } = (await readBody(c, form)) as Record<string, unknown>
      const { path, body } = mapping.create(fields)
      const on = email as string | undefined
      const sent = await send(c, provider, { method: 'POST', path, email: on, body })
      return c.json(mapping.createAnswer(sent.json), 200, accountHeader(sent.email))
    }
  )

  route(
    app,
    {
      method: 'get',
      path: '/voices',
      summary: 'Voices, or one voice',
      query: voicesQuery,
      answers: { 200: z.looseObject({}), ...errors },
    },
    async (c) => {
      const { voice_id, ...page } = readQuery(c, voicesQuery)
      if (voice_id === undefined) return c.json(await listVoices(c, provider, mapping, page))
      const { email } = page
      const sent = await send(c, provider, {
        method: 'GET',
        path: mapping.voicePath(voice_id),
        email,
      })
      return c.json(mapping.voiceAnswer(sent.json), 200, accountHeader(sent.email))
    }
  )

  route(
    app,
    {
      method: 'get',
      path: '/languages',
      summary: 'Languages and locales',
      query: languagesQuery,
      answers: { 200: languages, ...errors },
    },
    async (c) => {
      const { email } = readQuery(c, languagesQuery)
      const sent = await send(c, provider, { method: 'GET', path: mapping.languagesPath, email })
      const list = mapping.languagesAnswer(sent.json)
      return c.json({ languages: list }, 200, accountHeader(sent.email))
    }
  )

  return app
}

interface VoicesPage {
  email?: string | undefined
  page: number
  limit: number
  language?: string | undefined
}

/** useapi.net counts pages, the provider hands out tokens: the pages before are walked through, all on one account. */
async function listVoices(
  c: Context<AppEnv>,
  provider: Provider,
  mapping: ProviderSpeech,
  { email, page, limit, language }: VoicesPage
) {
  const wanted = { from: (page - 1) * limit, to: page * limit }
  const list: Record<string, unknown>[] = []
  let token: string | undefined
  let on = email
  for (let calls = 0; calls < PAGE_MAX && list.length < wanted.to; calls += 1) {
    const path = mapping.voicesPath({
      limit: Math.min(100, wanted.to - list.length),
      ...(token === undefined ? {} : { token }),
      ...(language === undefined ? {} : { language }),
    })
    const sent = await send(c, provider, { method: 'GET', path, email: on })
    const answer = mapping.voicesAnswer(sent.json)
    list.push(...answer.list)
    token = answer.next
    on = sent.email
    if (token === undefined) break
  }
  return { list: list.slice(wanted.from, wanted.to) }
}

interface Wanted {
  method: 'GET' | 'POST'
  path: string
  email: string | undefined
  body?: unknown
}

interface Sent {
  json: unknown
  email?: string
}

function accountHeader(email: string | undefined): Record<string, string> {
  return email === undefined ? {} : { 'X-Gateway-Account': emailToHeader(email) }
}

async function send(c: Context<AppEnv>, provider: Provider, wanted: Wanted): Promise<Sent> {
  const waitSeconds = preferredWait(c.req.header('prefer'))
  const url = new URL(wanted.path, 'http://path')
  const call: ProxyCall = {
    requestId: c.get('requestId'),
    tenant: c.get('caller').tenant,
    provider,
    match: provider.match(wanted.method, url.pathname),
    method: wanted.method,
    path: url.pathname,
    search: url.search,
    headers: headersOf(c),
    body: wanted.body === undefined ? null : toBytes(wanted.body),
    signal: c.req.raw.signal,
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
    ...(wanted.email === undefined ? {} : { email: wanted.email }),
  }
  return readAnswer(await dispatchRequest(c.get('ports'), call).catch(asUseapi))
}

function headersOf(c: Context<AppEnv>): Headers {
  const headers = new Headers({ accept: 'application/json', 'content-type': 'application/json' })
  const key = c.req.header('idempotency-key')
  if (key !== undefined) headers.set('idempotency-key', key)
  return headers
}

/** Without accounts the seed's sentence, bare. */
function asUseapi(error: unknown): never {
  if (error instanceof AppError && error.code === 'no_accounts') {
    throw new AppError('no_accounts', NO_CONFIGURATION, { plainText: true })
  }
  throw error
}

function toBytes(body: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(JSON.stringify(body)))
}

async function readAnswer({ response, email }: ProxyAnswer): Promise<Sent> {
  const json: unknown = await response.json().catch(() => undefined)
  if (response.ok && json !== undefined) {
    return { json, ...(email === undefined ? {} : { email }) }
  }
  const isModerated = codeIn(json) === 'content_policy_violation'
  throw refusalOf(isModerated ? 422 : response.status, messageIn(json), email)
}

/** The provider's refusals in useapi.net's words (reference/useapi.md 3.2). */
function refusalOf(status: number, message: string, email: string | undefined): AppError {
  const details = email === undefined ? {} : { accountEmail: email }
  if (status === 402)
    return new AppError('account_unavailable', message, { ...details, useapiStatus: 412 })
  if (status === 422) return new AppError('bad_request', message, { ...details, useapiStatus: 422 })
  if (status === 404) return new AppError('not_found', message, details)
  if (status === 429)
    return new AppError('slots_full', message, { ...details, retryAfterSeconds: 10 })
  if (status >= 400 && status < 500) return new AppError('bad_request', message, details)
  return new AppError('upstream_unreachable', message, details)
}

function codeIn(json: unknown): unknown {
  return (json as { error?: { code?: unknown } } | undefined)?.error?.code
}

function messageIn(json: unknown): string {
  const body = json as { error?: { message?: unknown }; message?: unknown } | undefined
  const message = body?.error?.message ?? body?.message
  return typeof message === 'string' ? message : 'The provider refused the call.'
}
