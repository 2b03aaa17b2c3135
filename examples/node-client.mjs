// Creates a video, waits for it and saves it, with fetch alone (Node 20 or newer).
// Run `npm start` in another terminal. Then use the values that it prints:
//
//   BASE_URL=http://127.0.0.1:8787 TOKEN=hgw_… node examples/node-client.mjs
//
// To use HeyGen itself, only the base URL and the header would change. The code below knows nothing about accounts.
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

// A repeat under the same key starts nothing new, for 24 hours. In production, store the key before the first call.
const { BASE_URL, TOKEN, KEY = randomUUID() } = process.env
/** How long to try to get a slot, and how long to wait for the video. */
const PATIENCE_MS = 60 * 60 * 1000
/** The gateway waits up to 30 s for a slot before it answers. A client must be willing to wait longer than that. */
const WAIT_SECONDS = 30
const TIMEOUT_MS = 90_000

if (!BASE_URL || !TOKEN) {
  console.error('Set BASE_URL and TOKEN; npm start prints both.')
  process.exit(1)
}

const id = await createVideo({
  type: 'avatar',
  avatar_id: 'Abigail_expressive_2024112501',
  voice_id: '1bd001e7e50f421d891986aad5158bc8',
  script: 'Hello there.',
})
console.log(`Video ${id}`)
const url = await waitForVideo(id)
await writeFile(`${id}.mp4`, await download(url))
console.log(`Saved ${id}.mp4`)

/** Without the key, a repeat could start a second video that costs money. */
async function createVideo(form) {
  const headers = { Prefer: `wait=${WAIT_SECONDS}`, 'Idempotency-Key': KEY }
  const init = { method: 'POST', body: JSON.stringify(form), headers }
  return (await repeat('/heygen/v3/videos', init)).data.video_id
}

async function waitForVideo(id) {
  const until = Date.now() + PATIENCE_MS
  while (Date.now() < until) {
    const { data } = await repeat(`/heygen/v3/videos/${id}`)
    if (data.status === 'completed') return data.video_url
    if (data.status === 'failed') throw new Error(`The video failed: ${data.failure_message}`)
    await sleep(2000)
  }
  throw new Error(`Video ${id} is not ready. Ask for it later.`)
}

/** Tries again where a repeat may help: all slots taken, a first call still at work, a broken connection. */
async function repeat(path, init) {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    let [seconds, why] = [5, undefined]
    try {
      const answer = await call(path, init)
      if (answer.ok) return await answer.json()
      why = new Error(`${answer.status} ${await answer.text()}`)
      // HeyGen may have started the video. It must not be created again.
      if (answer.headers.get('x-gateway-error') === 'outcome_unknown')
        why = new Error(
          `Ask for its outcome: GET /v1/heygen/jobs/${answer.headers.get('x-request-id')}`
        )
      seconds = Number(answer.headers.get('retry-after') ?? NaN)
    } catch (error) {
      why = error
    }
    if (Number.isNaN(seconds) || Date.now() > until) throw why
    console.error(`Trying again in ${seconds} s: ${why.message}`)
    await sleep(seconds * 1000)
  }
}

function call(path, init = {}) {
  const headers = { 'X-Api-Key': TOKEN, 'Content-Type': 'application/json', ...init.headers }
  return fetch(BASE_URL + path, { ...init, headers, signal: AbortSignal.timeout(TIMEOUT_MS) })
}

async function download(url) {
  return Buffer.from(await (await fetch(url)).arrayBuffer())
}
