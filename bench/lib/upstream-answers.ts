/** Answers of the benched upstream that the runner compares with. */

/** About the size of the real answer of `GET /v3/users/me` (790 bytes). */
export const ME = JSON.stringify({
  data: {
    username: '0123456789abcdef0123456789abcdef',
    email: 'ann@example.com',
    first_name: 'Ann',
    last_name: 'Example',
    billing_type: 'wallet',
    wallet: { currency: 'usd', remaining_balance: 1000, auto_reload: { enabled: false } },
    notes: 'n'.repeat(540),
  },
})

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
