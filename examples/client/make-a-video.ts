/**
 * Makes a video with the typed client: starts it, waits for its end, prints where the file is.
 *
 *     BASE_URL=http://127.0.0.1:8787 TOKEN=hgw_… node make-a-video.ts
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { connect } from './client.ts'

const { BASE_URL = 'http://127.0.0.1:8787', TOKEN, POLL_MS = '2000' } = process.env
if (!TOKEN) throw new Error('Set TOKEN to a token of the gateway.')
const gateway = connect(BASE_URL, TOKEN)

/** Every slot may be taken. The same key makes it safe to send the call again. */
async function startVideo(): Promise<string> {
  const key = randomUUID()
  for (;;) {
    const { data, error, response } = await gateway.POST('/heygen/v3/videos', {
      params: { header: { 'Idempotency-Key': key, Prefer: 'wait=30' } },
      body: {
        type: 'avatar',
        avatar_id: 'Abigail_expressive_2024112501',
        script: 'Hello there.',
        voice_id: '1bd001e7e50f421d891986aad5158bc8',
        title: 'Demo',
      },
    })
    if (data) return data.data.video_id
    if (response.status !== 429) throw new Error(`refused: ${JSON.stringify(error)}`)
    await wait(1000 * Number(response.headers.get('retry-after') ?? 5))
  }
}

const id = await startVideo()
console.log(`started ${id}`)
for (;;) {
  const { data, error } = await gateway.GET('/heygen/v3/videos/{video_id}', {
    params: { path: { video_id: id } },
  })
  if (!data) throw new Error(`no answer: ${JSON.stringify(error)}`)
  const { status, video_url: url, failure_message: why } = data.data
  if (status === 'completed') {
    console.log(`completed ${url ?? ''}`)
    break
  }
  if (status === 'failed') throw new Error(`failed: ${why ?? 'HeyGen does not say why'}`)
  await wait(Number(POLL_MS))
}

const { data: slots } = await gateway.GET('/v1/heygen/scheduler/available')
for (const { email, available } of slots?.available ?? []) {
  console.log(`${email}: ${String(available)} free slots`)
}
