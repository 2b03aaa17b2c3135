/** Speech of older videos in the members of v3: a script with a voice, a sound, or silence. */
import { valueAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall } from '#providers/contract/provider.ts'
import {
  type Body,
  clamped,
  invalid,
  isTrue,
  orNull,
  present,
  textOf,
} from '#providers/heygen/legacy/shared/words.ts'

/** `silence`: seconds. v3 has no silent voice, so a silent sound is uploaded for it. */
export type Speech = Body | { silence: number }

export type Voicing = (speech: Speech) => Promise<Body>

const SILENCE_SECONDS_MAX = 300
const ELEVENLABS_MODELS = new Set([
  'eleven_multilingual_v2',
  'eleven_turbo_v2_5',
  'eleven_flash_v2_5',
  'eleven_v3',
])

/** What the scene says, or undefined. `at`: the place of its voice in the client's body, for messages. */
export function speechOf(call: LegacyCall, scene: unknown, at: string): Speech | undefined {
  const voice = valueAt(scene, '/voice')
  if (voice === undefined || voice === null) return undefined
  const audio = textOf(voice, '/audio_asset_id')
  const url = textOf(voice, '/audio_url')
  const script = textOf(voice, '/input_text')
  const inferred = script === undefined && (audio ?? url) !== undefined ? 'audio' : 'text'
  const type = textOf(voice, '/type') ?? inferred
  if (type === 'silence') return { silence: secondsOf(call, voice, at) }
  if (type === 'audio') {
    // v3 takes one source of sound.
    if (audio !== undefined) return { audio_asset_id: audio }
    if (url !== undefined) return { audio_url: url }
    throw invalid(call, at, 'must have audio_url or audio_asset_id.')
  }
  if (type !== 'text') throw invalid(call, `${at}.type`, 'must be text, audio or silence.')
  if (script === undefined) throw invalid(call, `${at}.input_text`, 'is required.')
  const settings = voiceSettings(call, voice)
  const voiceId = textOf(voice, '/voice_id')
  return present({ script, voice_id: voiceId, voice_settings: filled(settings) })
}

function secondsOf(call: LegacyCall, voice: unknown, at: string): number {
  const given = valueAt(voice, '/duration')
  if (given === undefined || given === null || given === '') return 1
  const seconds = clamped(given, 0, Infinity)
  if (seconds !== undefined && seconds > 0 && seconds <= SILENCE_SECONDS_MAX) return seconds
  throw invalid(call, `${at}.duration`, `must be at most ${SILENCE_SECONDS_MAX} seconds.`)
}

function voiceSettings(call: LegacyCall, voice: unknown): Body {
  if (textOf(voice, '/emotion') !== undefined) call.lose('emotion')
  return present({
    speed: limited(call, voice, 'speed', 0.5, 1.5),
    pitch: limited(call, voice, 'pitch', -50, 50),
    locale: textOf(voice, '/locale'),
    engine_settings: filled(elevenlabs(call, voice)),
  })
}

function limited(call: LegacyCall, voice: unknown, name: string, least: number, most: number) {
  const given = textOf(voice, `/${name}`)
  if (given === undefined) return undefined
  const number = clamped(given, least, most)
  if (number !== Number(given)) call.lose(name)
  return number
}

/** Old documents spell the member wrongly in one place. */
function elevenlabs(call: LegacyCall, voice: unknown): Body {
  const given = valueAt(voice, '/elevenlabs_settings') ?? valueAt(voice, '/elevanlabs_settings')
  if (typeof given !== 'object' || given === null) return {}
  const model = textOf(given, '/model')
  const isKnown = model !== undefined && ELEVENLABS_MODELS.has(model)
  if (model !== undefined && !isKnown) call.lose('elevenlabs_settings.model')
  const number = (name: string) => clamped(valueAt(given, `/${name}`), -Infinity, Infinity)
  const boost = valueAt(given, '/use_speaker_boost')
  return {
    engine_type: 'elevenlabs',
    ...present({
      model: isKnown ? model : undefined,
      similarity_boost: number('similarity_boost'),
      stability: number('stability'),
      style: number('style'),
      use_speaker_boost: boost === undefined || boost === null ? undefined : isTrue(boost),
    }),
  }
}

function filled(body: Body): Body | undefined {
  return Object.keys(body).length > 0 ? body : undefined
}

/** A silent sound of the same length is uploaded once for each call. An upload costs nothing. */
export function voicing(call: LegacyCall): Voicing {
  const uploads = new Map<number, Promise<Body>>()
  return async (speech) => {
    if (!('silence' in speech)) return speech as Body
    const seconds = speech.silence as number
    const upload = uploads.get(seconds) ?? uploadSilence(call, seconds)
    uploads.set(seconds, upload)
    return upload
  }
}

async function uploadSilence(call: LegacyCall, seconds: number): Promise<Body> {
  const wav = silentWav(seconds)
  const body = new Response(wav).body as ReadableStream<Uint8Array>
  const file = { body, type: 'audio/wav', name: 'silence.wav', bytes: wav.byteLength }
  const made = await call.ask({ method: 'POST', path: '/v3/assets', file })
  return { audio_asset_id: orNull(made.body, '/data/asset_id') }
}

/** PCM of 16 bits, 8,000 samples a second, all zero. */
function silentWav(seconds: number): Uint8Array<ArrayBuffer> {
  const bytes = Math.max(2, Math.round(seconds * 8000) * 2)
  const wav = new Uint8Array(44 + bytes)
  const view = new DataView(wav.buffer)
  const text = (at: number, letters: string) => wav.set(new TextEncoder().encode(letters), at)
  text(0, 'RIFF')
  view.setUint32(4, 36 + bytes, true)
  text(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, 8000, true)
  view.setUint32(28, 16_000, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  text(36, 'data')
  view.setUint32(40, bytes, true)
  return wav
}
