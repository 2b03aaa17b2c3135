// Receives what the gateway delivers, proves who sent it, and handles each event once. Node 20 or newer, nothing else.
//
//   curl -X POST "$BASE_URL/v1/callback-secret" -H "Authorization: Bearer $TOKEN"      # prints the secret, once
//   SECRET=whsec_… PORT=9000 node examples/receiver.mjs
//
// Then give http://127.0.0.1:9000/ as callback_url or as X-Gateway-Reply-Url of a creation (`npm start` allows
// loopback; a deployed gateway calls https only). For an endpoint (POST /heygen/v3/webhooks/endpoints) SECRET is the
// endpoint's own.
//
// A receiver written for HeyGen looks at `Signature` instead: hex HMAC-SHA256 of the body, keyed by the whole text of the
// secret. It has room for one, the newest: here it would refuse everything between a rotation and a restart with the new
// secret, which `webhook-signature` does not, since for 24 h the old secret signs there too.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const { SECRET, PORT = '9000' } = process.env
if (!SECRET?.startsWith('whsec_')) {
  console.error('Set SECRET to the text that starts with whsec_.')
  process.exit(1)
}

const BODY_BYTES_MAX = 1024 * 1024
/** How far the clocks may be apart. */
const TOLERANCE_SECONDS = 5 * 60
/** Deliveries may repeat; in earnest this is a table with a unique column. */
const handled = new Set()

const server = createServer(async (request, response) => {
  // HeyGen and the gateway look whether anybody is here before they accept an endpoint.
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
  // Within ten seconds: longer work belongs behind a queue of your own.
  response.writeHead(204).end()
})

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}/`)
})

/** The bytes as they came: a signature is over them, not over what JSON makes of them. */
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
 * https://www.standardwebhooks.com: id, time and body, keyed by what stands behind `whsec_`; one signature of several.
 * Why it is not believed; undefined: it is.
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
