/**
 * Translates useapi.net's text-to-speech calls to HeyGen's v3 speech and voices (reference/useapi.md 1.8-1.11). A field without a
 * counterpart in v3 is refused unless its value is neutral, so that no client gets audio that it did not ask for (decision 0006).
 */
import * as z from 'zod/mini'
import { textAt, textsAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import type { UseapiSpeech } from '#providers/contract/provider.ts'
import { localesOf } from '../voices/locales.ts'

const NO_COUNTERPART = "has no counterpart in HeyGen's v3 speech; only"

export const speech: UseapiSpeech = {
  fields: {
    voice_id: z.string().check(z.minLength(1)),
    prompt: z.string().check(z.minLength(1), z.maxLength(5000)),
    speed: z.optional(z.number().check(z.gte(50), z.lte(150))),
    pitch: z.optional(z.literal(0, { error: `${NO_COUNTERPART} 0 is accepted` })),
    volume: z.optional(z.literal(100, { error: `${NO_COUNTERPART} 100 is accepted` })),
    language_code: z.optional(z.string()),
    emotion: z.optional(z.literal('', { error: `${NO_COUNTERPART} an empty text is accepted` })),
    engine: z.optional(z.literal('auto', { error: `${NO_COUNTERPART} auto is accepted` })),
  },

  create(fields) {
    const { voice_id, prompt, speed, language_code } = fields as {
      voice_id: string
      prompt: string
      speed?: number
      language_code?: string
    }
    const body = {
      text: prompt,
      voice_id,
      ...(speed === undefined ? {} : { speed: speed / 100 }),
      ...(language_code === undefined ? {} : { locale: language_code }),
    }
    return { path: '/v3/voices/speech', body }
  },

  createAnswer: (answer) => ({
    audio_url: valueAt(answer, '/data/audio_url') ?? null,
    duration: valueAt(answer, '/data/duration') ?? null,
    is_pass: true,
    job_id: null,
    word_timestamps: valueAt(answer, '/data/word_timestamps') ?? [],
  }),

  voicesPath({ limit, token, language }) {
    const query = new URLSearchParams({ limit: String(limit) })
    if (language) query.set('language', language)
    if (token) query.set('token', token)
    return `/v3/voices?${query}`
  },

  voicePath: (voiceId) => `/v3/voices/${encodeURIComponent(voiceId)}`,

  voicesAnswer(answer) {
    const next = textAt(answer, '/next_token')
    return {
      list: valuesAt(answer, '/data/*').map(toVoice),
      ...(next === undefined ? {} : { next }),
    }
  },

  voiceAnswer: (answer) => ({
    voice: { ...toVoice(valueAt(answer, '/data')), settings: { clone_emotions: [] } },
  }),

  /** v3 has no list of locales. The older list has useapi.net's members already, and may be retired. */
  languagesPath: '/v2/voices/locales',

  languagesAnswer: (answer) =>
    valuesAt(answer, '/data/locales/*').map((row) => ({
      value: valueAt(row, '/value') ?? null,
      label: valueAt(row, '/label') ?? valueAt(row, '/value') ?? null,
      language: valueAt(row, '/language') ?? null,
      tag: valueAt(row, '/tag') ?? null,
      locale: valueAt(row, '/locale') ?? null,
      language_code: valueAt(row, '/language_code') ?? valueAt(row, '/locale') ?? null,
    })),

  languagesOf: (voices) => localesOf(textsAt(voices, '/*/language')).map((row) => ({ ...row })),
}

function toVoice(row: unknown): Record<string, unknown> {
  return {
    voice_id: valueAt(row, '/voice_id') ?? null,
    language: valueAt(row, '/language') ?? null,
    gender: valueAt(row, '/gender') ?? null,
    display_name: valueAt(row, '/name') ?? null,
    preview: { movio: valueAt(row, '/preview_audio_url') ?? null },
    type: valueAt(row, '/type') ?? null,
  }
}
