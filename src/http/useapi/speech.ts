/** `/v1/{provider}/tts/*`: useapi.net's text-to-speech on the provider's own (reference/useapi.md 1.8-1.10). */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { AppError } from '#domain/runtime/errors.ts'
import type { Provider, UseapiSpeech } from '#providers/contract/provider.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { readBody, readQuery } from '#http/request/read-body.ts'
import { newApp, route, type App } from '#http/request/route.ts'
import { accountHeader, sendUseapi, sentHeaders, useapiErrors } from './useapi-call.ts'

/** The most pages of a hundred voices that one request may read, on each account. */
const PAGES_MAX = 30
const PAGE_ROWS = 100
/** Enough voices to find every language, in a few pages. */
const SPOKEN_VOICES_MAX = 1500

const voicesQuery = z.strictObject({
  email: z.optional(z.string()),
  page: z._default(z.int().check(z.gte(1)), 1),
  limit: z._default(z.int().check(z.gte(1), z.lte(10_000)), 29),
  language: z.optional(z.string()),
  voice_id: z.optional(z.string().check(z.minLength(1))),
})
const languagesQuery = z.strictObject({ email: z.optional(z.string()) })

const audio = z.object({
  audio_url: z.string(),
  duration: z.number(),
  is_pass: z.boolean(),
  job_id: z.null(),
  word_timestamps: z.array(z.looseObject({})),
})
const languages = z.object({ languages: z.array(z.looseObject({})) })
export function speech(provider: Provider, mapping: UseapiSpeech): App {
  const app = newApp()
  const form = z.strictObject({ email: z.optional(z.string()), ...mapping.fields })

  route(
    app,
    {
      method: 'post',
      needs: 'use',
      kind: 'speech',
      path: '/create',
      summary: 'Speak a text',
      body: form,
      form: true,
      answers: { 200: audio, ...useapiErrors },
    },
    async (c) => {
      const { email, ...fields } = (await readBody(c, form)) as Record<string, unknown>
      const { path, body } = mapping.create(fields)
      const on = email as string | undefined
      const sent = await sendUseapi(c, provider, { method: 'POST', path, email: on, body })
      return c.json(mapping.createAnswer(sent.json), 200, sentHeaders(sent))
    }
  )

  route(
    app,
    {
      method: 'get',
      path: '/voices',
      summary: 'Voices, or one voice',
      query: voicesQuery,
      answers: { 200: z.looseObject({}), ...useapiErrors },
    },
    async (c) => {
      const { voice_id, ...page } = readQuery(c, voicesQuery)
      if (voice_id === undefined) return c.json(await listVoices(c, provider, mapping, page))
      const { email } = page
      const sent = await sendUseapi(c, provider, {
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
      answers: { 200: languages, ...useapiErrors },
    },
    async (c) => {
      const { email } = readQuery(c, languagesQuery)
      const path = mapping.languagesPath
      const sent = await sendUseapi(c, provider, { method: 'GET', path, email }).catch(unlessGone)
      if (sent) {
        const list = mapping.languagesAnswer(sent.json)
        return c.json({ languages: list }, 200, accountHeader(sent.email))
      }
      const page = { email, page: 1, limit: SPOKEN_VOICES_MAX }
      const { list } = await listVoices(c, provider, mapping, page)
      return c.json({ languages: mapping.languagesOf(list) })
    }
  )

  return app
}

/** Undefined when the path is retired (410), as if it had no rows. */
function unlessGone(error: unknown): undefined {
  const isGone = error instanceof AppError && error.code === 'not_found'
  if (!isGone) throw error
}

interface VoicesPage {
  email?: string | undefined
  page: number
  limit: number
  language?: string | undefined
}

/** Reads all earlier pages first, on one account, because useapi.net numbers pages and the provider uses page tokens. */
async function listVoices(
  c: Context<AppEnv>,
  provider: Provider,
  mapping: UseapiSpeech,
  { email, page, limit, language }: VoicesPage
) {
  const wanted = { from: (page - 1) * limit, to: page * limit }
  if (wanted.from >= PAGES_MAX * PAGE_ROWS) {
    throw new AppError(
      'bad_request',
      `page: only the first ${PAGES_MAX * PAGE_ROWS} voices can be listed`
    )
  }
  const list: Record<string, unknown>[] = []
  let token: string | undefined
  let on = email
  for (let calls = 0; calls < PAGES_MAX && list.length < wanted.to; calls += 1) {
    const path = mapping.voicesPath({
      limit: Math.min(PAGE_ROWS, wanted.to - list.length),
      ...(token === undefined ? {} : { token }),
      ...(language === undefined ? {} : { language }),
    })
    const sent = await sendUseapi(c, provider, { method: 'GET', path, email: on })
    const answer = mapping.voicesAnswer(sent.json)
    list.push(...answer.list)
    token = answer.next
    on = sent.email
    if (token === undefined) break
  }
  return { list: list.slice(wanted.from, wanted.to) }
}
