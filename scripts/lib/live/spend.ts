/** `--spend`: one video, the cheapest that there is, through an older call that the gateway carries, followed to its end. */
import { differencesOf, look, readCatalogue, type Side } from './compare.ts'
import { shownName } from './shapes.ts'

/** US dollars per second of a video of a studio avatar with Avatar III, from HeyGen's price list of November 2026. */
const USD_PER_SECOND = 0.0167
/** A word. HeyGen may count at least a few seconds. */
const SCRIPT = 'Hi.'
const SECONDS_AT_MOST = 5

export const PRICE = `about $${(USD_PER_SECOND * SECONDS_AT_MOST).toFixed(2)} or less (Avatar III, $${USD_PER_SECOND} for a second of video, a script of one word)`

const FOLLOWED_MS = 30 * 60_000
const PAUSE_MAX_MS = 10_000

interface Look {
  id: string
  avatar_type?: string
  default_voice_id?: string | null
  supported_api_engines?: string[] | null
}

/** Lines for the report. Sends the creation once, whatever becomes of it. */
export async function spend(
  through: Side,
  say: (line: string) => void
): Promise<{ lines: string[]; ids: string[] }> {
  const path = '/v3/avatars/looks?ownership=public&limit=50'
  const { body } = await look(through, path)
  const looks = (body as { data?: Look[] } | undefined)?.data ?? []
  const cheap = looks.find(
    ({ avatar_type, supported_api_engines }) =>
      avatar_type === 'studio_avatar' && supported_api_engines?.includes('avatar_iii')
  )
  const voice = cheap?.default_voice_id ?? (await publicVoice(through))
  if (!cheap || voice === undefined) {
    return {
      lines: ['No public studio avatar with Avatar III was found. Nothing was made.'],
      ids: [],
    }
  }
  say(`Making one video: ${PRICE}.`)
  const video = {
    dimension: { width: 1280, height: 720 },
    video_inputs: [
      {
        character: { type: 'avatar', avatar_id: cheap.id },
        voice: { type: 'text', input_text: SCRIPT, voice_id: voice },
      },
    ],
  }
  const made = await create(through, video)
  if (made.id === undefined) {
    return {
      lines: [`POST /v2/video/generate: ${made.status} ${made.code}. Not sent again.`],
      ids: [],
    }
  }
  const lines = [`POST /v2/video/generate: ${made.status} · by ${made.carried}`]
  return { lines: [...lines, ...(await follow(through, made.id, say))], ids: [made.id] }
}

async function publicVoice(side: Side): Promise<string | undefined> {
  const { body } = await look(side, '/v3/voices?type=public&limit=1')
  return (body as { data?: { voice_id?: string }[] } | undefined)?.data?.[0]?.voice_id
}

async function create(
  { origin, headers }: Side,
  video: object
): Promise<{ status: number; code: string; id?: string; carried: string }> {
  const answer = await fetch(`${origin}/v2/video/generate`, {
    method: 'POST',
    headers: { ...(await headers()), 'content-type': 'application/json' },
    body: JSON.stringify(video),
  })
  const said = (await answer.json().catch(() => ({}))) as {
    data?: { video_id?: string } | null
    error?: { code?: string } | null
  }
  const id = said.data?.video_id
  return {
    status: answer.status,
    code: shownName(said.error?.code ?? 'no code'),
    carried: answer.headers.get('x-gateway-carried') ?? 'itself',
    ...(id === undefined ? {} : { id }),
  }
}

async function follow(side: Side, id: string, say: (line: string) => void): Promise<string[]> {
  const documented = readCatalogue('heygen')
  const started = Date.now()
  const lines: string[] = []
  let last = ''
  for (let pauseMs = 1000; Date.now() - started < FOLLOWED_MS; pauseMs *= 1.3) {
    const seen = await look(side, `/v1/video_status.get?video_id=${id}`)
    const { data } = (seen.body ?? {}) as { data?: { status?: string; error?: unknown } }
    const status = data?.status ?? `answer ${seen.status}`
    const seconds = Math.round((Date.now() - started) / 1000)
    if (status !== last) {
      lines.push(`- ${status} after ${seconds} s`)
      say(`${status} after ${seconds} s`)
    }
    last = status
    if (status === 'completed' || status === 'failed') {
      const newer = await look(side, `/v3/videos/${id}`)
      const shown = [
        ...differencesOf(documented.get('/v1/video_status.get'), seen),
        ...differencesOf(documented.get('/v3/videos/{video_id}'), newer),
      ]
      return [...lines, ...shown.map((line) => `- differs: ${line}`)]
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, PAUSE_MAX_MS)))
  }
  return [...lines, `- no end within ${FOLLOWED_MS / 60_000} minutes`]
}
