// Creates a video, waits for it and saves it, with fetch alone (Node 20 or newer).
// Run `npm start` in another terminal. Then use the values that it prints:
//
//   BASE_URL=http://127.0.0.1:8787 TOKEN=hgw_… node examples/node-client.mjs
//
// To use HeyGen itself, only the base URL and the header would change. The code below knows nothing about accounts.
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const { BASE_URL, TOKEN } = process.env
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

/** If all slots of all accounts are taken, the gateway says when to try again. */
async function createVideo(form) {
  for (;;) {
    const answer = await call('/heygen/v3/videos', { method: 'POST', body: JSON.stringify(form) })
    if (answer.status !== 429) return (await read(answer)).data.video_id
    const seconds = Number(answer.headers.get('retry-after') ?? 10)
    console.log(`All slots are taken, trying again in ${seconds} s`)
    await sleep(seconds * 1000)
  }
}

async function waitForVideo(id) {
  for (;;) {
    const { data } = await read(await call(`/heygen/v3/videos/${id}`))
    if (data.status === 'completed') return data.video_url
    if (data.status === 'failed') throw new Error(`The video failed: ${data.failure_message}`)
    await sleep(2000)
  }
}

function call(path, init = {}) {
  const headers = { 'X-Api-Key': TOKEN, 'Content-Type': 'application/json' }
  return fetch(BASE_URL + path, { ...init, headers })
}

async function read(answer) {
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return answer.json()
}

async function download(url) {
  return Buffer.from(await (await fetch(url)).arrayBuffer())
}
