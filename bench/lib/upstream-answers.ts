/** Answers of the benched upstream that the runner compares with. */

/** About the size of the real answer of `GET /v3/users/me` (790 bytes). */
export const ME = meOf('ann')

export const BIG_BYTES = 64 * 1024 * 1024
export const HOOK_SECRET = 'bench-secret-of-the-webhook'

/** The answer of `GET /v3/avatars/looks/{id}`: a public avatar. */
export const LOOK = JSON.stringify({
  data: {
    id: 'Abigail_expressive_2024112501',
    name: 'Abigail',
    avatar_type: 'studio_avatar',
    supported_api_engines: ['avatar_iii', 'avatar_iv'],
  },
})

/** The answer of `GET /v3/voices/{id}`: a public voice. */
export const VOICE = JSON.stringify({
  data: {
    voice_id: '1bd001e7e50f421d891986aad5158bc8',
    name: 'Sara',
    language: 'English',
    gender: 'female',
    type: 'public',
    status: 'complete',
  },
})

/** The account of this API key: each has a name of its own. */
export function meOf(key: string): string {
  const name = key.replace('sk_bench_', '')
  return JSON.stringify({
    data: {
      username: name.padStart(32, '0'),
      email: `${name}@example.com`,
      first_name: 'Ann',
      last_name: 'Example',
      billing_type: 'wallet',
      wallet: { currency: 'usd', remaining_balance: 1000, auto_reload: { enabled: false } },
      notes: 'n'.repeat(540),
    },
  })
}

const PAGE = 10

/** The answer of `GET /v3/videos`: ten videos of the account of this API key. */
export function pageOf(key: string): string {
  const data = Array.from({ length: PAGE }, (_, index) => ({
    id: `${key}_${index}`,
    title: 'Demo',
    status: 'completed',
    video_url: 'https://files.example.com/v.mp4',
    created_at: 1795910400 - index,
  }))
  return JSON.stringify({ data, has_more: false, next_token: null })
}

/** The answer of `GET /v3/videos/{id}`. */
export function statusOf(id: string, isCompleted = false): string {
  const status = isCompleted ? 'completed' : 'processing'
  const done = isCompleted ? ',"video_url":"https://files.example.com/v.mp4"' : ''
  return `{"data":{"id":"${id}","title":"Demo","status":"${status}","created_at":1795910400${done}}}`
}

/** The pattern of the id in the answer of a creation. */
export const MADE_ID = '"video_id":"([0-9a-f]{32})"'

/** The body of a creation. */
export const VIDEO = JSON.stringify({
  type: 'avatar',
  avatar_id: 'Abigail_expressive_2024112501',
  script: 'Hello there.',
  voice_id: '1bd001e7e50f421d891986aad5158bc8',
  title: 'Demo',
})
