/** Older calls about voices, and those that speak a text. */
import { RefusedByNewer } from '#domain/legacy/refused.ts'
import { textsAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall } from '#providers/contract/provider.ts'
import { localesOf } from '#providers/heygen/voices/locales.ts'
import {
  clamped,
  invalid,
  isTrue,
  num,
  orNull,
  present,
  textOf,
  v1,
  v2,
} from '#providers/heygen/legacy/shared/words.ts'

export const VOICES = {
  'GET /v2/voices': { carry: list },
  'GET /v2/voices/locales': { carry: locales },
  'POST /v2/voices/{voice_id}/preview': { carry: preview },
  'POST /v1/audio/text_to_speech': { carry: speak },
  'GET /v1/audio/voices': { carry: page },
  'GET /v1/voice.list': { carry: listOfV1 },
}

const INPUT_TYPES: Readonly<Record<string, string>> = { plain: 'text', text: 'text', ssml: 'ssml' }

async function list(call: LegacyCall): Promise<unknown> {
  const voices = await allVoices(call)
  return v2({
    voices: voices.map((voice) => ({
      voice_id: orNull(voice, '/voice_id'),
      language: orNull(voice, '/language'),
      gender: orNull(voice, '/gender'),
      name: orNull(voice, '/name'),
      preview_audio: orNull(voice, '/preview_audio_url') ?? '',
      support_pause: orNull(voice, '/support_pause') ?? false,
      emotion_support: false,
      support_interactive_avatar: false,
      support_locale: orNull(voice, '/support_locale') ?? false,
    })),
  })
}

/** The names of the members inside a row are [guess]. */
async function listOfV1(call: LegacyCall): Promise<unknown> {
  const voices = await allVoices(call)
  const rows = voices.map((voice) => ({
    voice_id: orNull(voice, '/voice_id'),
    display_name: orNull(voice, '/name'),
    language: orNull(voice, '/language'),
    gender: orNull(voice, '/gender'),
    preview: { movio: orNull(voice, '/preview_audio_url') },
    support_pause: orNull(voice, '/support_pause') ?? false,
  }))
  return v1({ list: rows }, 'success')
}

/** v3 has pages where this call had them. */
async function page({ query, ask }: LegacyCall): Promise<unknown> {
  const given = ['type', 'language', 'gender', 'limit', 'token'].map((name) => [
    name,
    query.get(name) ?? undefined,
  ])
  const { body } = await ask({
    method: 'GET',
    path: '/v3/voices',
    query: { engine: 'starfish', ...Object.fromEntries(given) },
  })
  return v2({
    voices: orNull(body, '/data') ?? [],
    token: orNull(body, '/next_token'),
    has_more: orNull(body, '/has_more') ?? false,
  })
}

async function locales(call: LegacyCall): Promise<unknown> {
  const voices = await publicVoices(call)
  const rows = localesOf(textsAt(voices, '/*/language'))
  return v2({ locales: rows.filter(({ locale }) => locale !== null) })
}

/** Paid by the character, as in v1. v3 speaks with voices of the engine starfish, and without a pitch. */
async function speak(call: LegacyCall): Promise<unknown> {
  const { body } = call
  if (body['pitch']) call.lose('pitch')
  const said = await call.ask({
    method: 'POST',
    path: '/v3/voices/speech',
    body: present({
      text: required(call, 'text'),
      voice_id: required(call, 'voice_id'),
      speed: num(body['speed']),
      input_type: textOf(body, '/input_type'),
      language: textOf(body, '/language'),
      locale: textOf(body, '/locale'),
    }),
  })
  return v2({
    audio_url: orNull(said.body, '/data/audio_url'),
    duration: orNull(said.body, '/data/duration'),
    request_id: orNull(said.body, '/data/request_id'),
    word_timestamps: orNull(said.body, '/data/word_timestamps'),
  })
}

/** The client chooses these names, and there may be any number of them. */
const LOST_NAMES_MAX = 20

/** v3 has no previews, so this one is speech, which costs what speech costs. */
async function preview(call: LegacyCall): Promise<unknown> {
  const { body } = call
  const voice_id = call.params['voice_id'] ?? ''
  if ((textOf(body, '/voice_id') ?? voice_id) !== voice_id) {
    throw invalid(call, 'voice_id', 'must be the voice of the path.')
  }
  const type = textOf(body, '/text_type')
  const input_type = type === undefined ? undefined : INPUT_TYPES[type]
  if (type !== undefined && input_type === undefined) {
    throw invalid(call, 'text_type', 'must be plain or ssml.')
  }
  const settings = typeof body['settings'] === 'object' ? (body['settings'] ?? {}) : {}
  const lost = Object.entries(settings)
    .filter(([name, value]) => name !== 'speed' && name !== 'locale' && value)
    .map(([name]) => name)
    .slice(0, LOST_NAMES_MAX)
  call.lose(...lost, ...(body['generation_type'] ? ['generation_type'] : []))
  const said = await call.ask({
    method: 'POST',
    path: '/v3/voices/speech',
    body: present({
      text: required(call, 'text'),
      voice_id,
      input_type,
      speed: clamped(orNull(settings, '/speed'), 0.5, 2),
      locale: textOf(settings, '/locale'),
    }),
  })
  return v2({
    audio_url: orNull(said.body, '/data/audio_url'),
    duration: orNull(said.body, '/data/duration'),
    ...(isTrue(body['with_timestamps'])
      ? { word_timestamps: orNull(said.body, '/data/word_timestamps') }
      : {}),
    status: 'success',
  })
}

function required(call: LegacyCall, name: string): string {
  const text = textOf(call.body, `/${name}`)
  if (text === undefined) throw invalid(call, name, 'is required.')
  return text
}

/** v3 lists only public voices, if it is not asked for the others. */
async function allVoices(call: LegacyCall): Promise<unknown[]> {
  const shared = await publicVoices(call)
  const own = await ownVoices(call)
  return [...shared, ...own]
}

const GONE = new Set([404, 410])

/** HeyGen's command line holds /v3/voices to be old. If it goes, nothing lists public voices. */
function publicVoices(call: LegacyCall): Promise<unknown[]> {
  const query = { type: 'public' }
  const what = 'public voices'
  const all = call.readAll({ path: '/v3/voices', query, limit: 100, isPublic: true, what })
  return all.catch((error: unknown) => {
    if (!isGone(error)) throw error
    call.lose(what)
    return []
  })
}

/** The list that came after /v3/voices has own voices only, without a gender and a sample. */
async function ownVoices(call: LegacyCall): Promise<unknown[]> {
  const query = { type: 'private' }
  try {
    return await call.readAll({ path: '/v3/voices', query, limit: 100, what: 'voices' })
  } catch (error) {
    if (!isGone(error)) throw error
    const path = '/v3/models/audio/voices'
    const trained = await call.readAll({ path, limit: 100, what: 'voices' })
    return trained.filter((voice) => textOf(voice, '/status') === 'ACTIVE')
  }
}

function isGone(error: unknown): boolean {
  return error instanceof RefusedByNewer && GONE.has(error.answer.status)
}
