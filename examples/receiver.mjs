// Receives the gateway's deliveries, checks their signatures, and handles each event once. It needs only Node 20 or newer.
//
//   curl -X POST "$BASE_URL/v1/callback-secret" -H "Authorization: Bearer $TOKEN"      # prints the secret, once
//   SECRET=whsec_… PORT=9000 node examples/receiver.mjs
//
// Then send http://127.0.0.1:9000/ as callback_url or as X-Gateway-Reply-Url of a creation. (`npm start` allows loopback.
// A deployed gateway calls only https.) For an endpoint (POST /heygen/v3/webhooks/endpoints), SECRET is the secret of
// that endpoint.
//
// A receiver written for HeyGen checks `Signature`: a hex HMAC-SHA256 of the body, with the whole text of the secret as its
// key. That header has one signature, made with the newest secret. So such a receiver refuses every delivery between a
// rotation and its restart with the new secret. `webhook-signature` also has a signature of the old secret for 24 hours.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const { SECRET, PORT = '9000' } = process.env
if (!SECRET?.startsWith('whsec_')) {
  console.error('Set SECRET to the text that starts with whsec_.')
  process.exit(1)
}

const BODY_BYTES_MAX = 1024 * 1024
/** The largest difference between the gateway's clock and this one. */
const TOLERANCE_SECONDS = 5 * 60
/** Deliveries may repeat. In production, this is a table with a unique column. */
const handled = new Set()

const server = createServer(async (request, response) => {
  // HeyGen and the gateway check that the URL answers before they accept an endpoint.
  if (request.method !== 'POST') return response.writeHead(204).end()
  const body = await readBody(request)
  if (body === undefined) return response.writeHead(413).end()
  const doubt = doubtAbout(request.headers, body)
  if (doubt !== undefined) {
    console.error(`refused: ${doubt}`)
    return response.writeHead(401).end()
  }
  const id = request.headers['webhook-id']
  if (!handled.has(id)) {
    handled.add(id)
    // HeyGen's events name their type. Kling sends the bare task, with its state in `task_status` or `status`.
    const { event_type: type, event_data: data, ...task } = JSON.parse(body.toString('utf8'))
    console.log(`${type ?? 'task'} ${JSON.stringify(data ?? task)}`)
  }
  // Answer within ten seconds. Put longer work into a queue.
  response.writeHead(204).end()
})

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}/`)
})

/** Returns the unchanged bytes. A signature is made over these, not over parsed JSON. */
async function readBody(request) {
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > BODY_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * Checks a signature as https://www.standardwebhooks.com describes it: over id, time and body, with the text after `whsec_` as the
 * key. One of several signatures is enough. Returns what is wrong. Undefined: the signature is right.
 */
function doubtAbout(headers, body) {
  const id = headers['webhook-id'] ?? ''
  const time = headers['webhook-timestamp'] ?? ''
  if (headers['webhook-signature'] === undefined) {
    return 'it is not signed. Without a callback secret (POST /v1/callback-secret) callbacks are not.'
  }
  if (!(Math.abs(Date.now() / 1000 - Number(time)) <= TOLERANCE_SECONDS)) {
    return `its time (webhook-timestamp ${time}) is more than five minutes off`
  }
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64')
  const signed = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64')
  const given = String(headers['webhook-signature'] ?? '').split(' ')
  if (given.some((one) => isSame(one, `v1,${signed}`))) return undefined
  return 'its signature is of another secret. Is SECRET the newest, and of this endpoint or of the callbacks?'
}

function isSame(given, expected) {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
