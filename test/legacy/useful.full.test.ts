/** On a HeyGen that serves v3 only, each row of the older API is served, or its end is told with what to use instead. */
import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, until, type Gateway } from '../support/gateway.ts'
import { Receiver } from '../support/receiver.ts'
import { legacyOf } from './cases.ts'
import { ROWS, type Row } from './map/map.ts'
import { at, isMembers, type Json, type Legacy } from './map/places.ts'
import { SAMPLES } from './samples/index.ts'
import { initOf, urlOf } from './scene.ts'

const MOST_JOBS = 10
const EMAIL = 'ana@example.com'
/** What the product promises of the 101 rows, and of the 75 of them that were in the first index. */
const PROMISED = { all: 67, inIndex: 52 }

let gateway: Gateway
let receiver: Receiver
beforeAll(async () => {
  gateway = await openGateway({
    accounts: { ana: MOST_JOBS },
    timeScale: 60,
    simVars: { SUNSET: 'true' },
    vars: { ALLOW_LOOPBACK_CALLBACKS: 'true' },
  })
  receiver = await Receiver.open()
  for (const [, id] of [...RESOURCES, ...JOBS]) await make(id, id)
  await gateway.sim.finishJobs()
})
afterAll(async () => {
  await gateway.dispose()
  await receiver.close()
})

const III = ['avatar_iii', 'avatar_iv']
const RESOURCES: [resource: string, id: string, doc?: Record<string, unknown>][] = [
  ['avatar-group', 'group-photo'],
  [
    'avatar',
    'look-photo-iii',
    { avatar_type: 'photo_avatar', supported_api_engines: III, group_id: 'group-photo' },
  ],
  ['avatar', 'look-twin-iii', { avatar_type: 'digital_twin', supported_api_engines: III }],
  ['avatar', 'look-studio-iii', { avatar_type: 'studio_avatar', supported_api_engines: III }],
  ['asset', 'asset-1'],
  ['asset', 'asset-2'],
  ['asset', 'asset-audio'],
  ['asset', 'asset-video'],
  ['voice', 'voice-1'],
  ['template', 'template-1'],
  ['brand-glossary', 'glossary-1'],
  ['folder', 'folder-1'],
]
const JOBS: [type: string, id: string][] = [
  ['video', 'video-1'],
  ['translation', 'translation-1'],
  ['proofread', 'proofread-1'],
]

/** Makes the thing `id` of the samples under a name of its own. */
async function make(id: string, as: string) {
  const job = JOBS.find(([, one]) => one === id)
  if (job) await gateway.sim.control('POST', '/jobs', { account: EMAIL, type: job[0], id: as })
  const made = RESOURCES.find(([, one]) => one === id)
  if (!made) return
  const [resource, , doc = {}] = made
  const form = resource === 'avatar' ? { form: 'look' } : {}
  await gateway.sim.control('POST', '/resources', {
    account: EMAIL,
    resource,
    id: as,
    ...form,
    doc,
  })
}

/** Each row that deletes gets something to delete. */
async function withOwn(names: Record<string, string>, row: Row) {
  for (const [name, id] of Object.entries(names)) {
    const as = `${id}-${ROWS.indexOf(row)}`
    await make(id, as)
    names[name] = as
  }
  await gateway.sim.finishJobs()
}

/** Jobs here end when the test says so, and the gateway sees it at its next look. */
async function free() {
  await gateway.sim.finishJobs()
  await until(async () => (await gateway.heldSlots()) < MOST_JOBS)
}

interface Told {
  status: number
  body: Json
}

async function told(row: Row, endpoint: string): Promise<Told> {
  if (row.method === 'WSS') return upgraded(row)
  const sample = SAMPLES.find((one) => one.row === row.name)
  const legacy: Legacy = sample
    ? legacyOf(sample, row)
    : {
        method: row.method,
        path: row.path,
        params: {},
        query: {},
        ...(row.method === 'POST' ? { body: {} } : {}),
      }
  if (row.path.includes('webhook')) {
    if (isMembers(legacy.body) && 'endpoint_id' in legacy.body)
      legacy.body['endpoint_id'] = endpoint
    if ('endpoint_id' in legacy.query) legacy.query['endpoint_id'] = endpoint
  }
  if (isMembers(legacy.body) && row.path.includes('/webhook/') && 'url' in legacy.body)
    legacy.body['url'] = `${receiver.url}/hook`
  if (deletes(row) && !row.path.includes('webhook')) {
    legacy.params = { ...legacy.params }
    await withOwn(legacy.params, row)
    await withOwn(legacy.query, row)
  }
  // The second page and a folder of nothing are no test of a list.
  if (row.method === 'GET')
    for (const name of ['token', 'folder_id', 'title']) delete legacy.query[name]
  const answer = await gateway.fetch(urlOf(legacy), initOf(legacy))
  return { status: answer.status, body: (await answer.json()) as Json }
}

/** The handshake of a socket, which fetch cannot send. A session’s own address has no path: it stands for all sockets. */
function upgraded(row: Row): Promise<Told> {
  const path = row.path.startsWith('/') ? row.path : '/v1/ws/streaming.chat'
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    authorization: `Bearer ${gateway.token}`,
  }
  return new Promise((resolve, reject) => {
    const call = request(`${gateway.url}/heygen${path}`, { headers }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      const text = Buffer.concat(chunks).toString()
      resolve({
        status: response.statusCode ?? 0,
        body: text.startsWith('{') ? (JSON.parse(text) as Json) : text,
      })
    })
    call.on('upgrade', (_response, socket) => {
      socket.destroy()
      resolve({ status: 101, body: null })
    })
    call.on('error', reject)
    call.end()
  })
}

/** 2xx in the row’s envelope, with each member that the row names. Empty: useful. */
function missingIn(row: Row, { status, body }: Told): string[] {
  if (status < 200 || status > 299) return [`${status} ${JSON.stringify(body).slice(0, 200)}`]
  const isV1 = row.envelope.startsWith('v1')
  const isRight = isV1
    ? at(body, '/code') === 100
    : row.envelope === 'v3' || at(body, '/error') === null
  const members = new Set(
    row.response
      .filter(({ op, where, transform }) => op !== 'drop' && !where && !transform.includes('when'))
      .map(({ to }) => to.replace('body:', '').split(/\/[*{]/)[0] ?? '')
  )
  const missing = [...members].filter(
    (pointer) => at(body, pointer) === undefined && !/^\/(msg|message)$/.test(pointer)
  )
  return [
    ...(isRight ? [] : [`not in the envelope ${row.envelope}`]),
    ...missing.map((one) => `no ${one}`),
  ]
}

function isTold(row: Row, { status, body }: Told): boolean {
  if (status !== 410 || !row.gone?.test(JSON.stringify(body))) return false
  if (row.envelope === 'websocket') return true
  // The gateway’s own words have one form on all paths of v1.
  return row.path.startsWith('/v1/')
    ? at(body, '/code') === 410
    : at(body, '/error/code') === 'gone' && at(body, '/data') === null
}

test('of the 101 older rows each is served in its own shape, or ends with a 410 that names what to use', async () => {
  const added = await gateway.post('/heygen/v1/webhook/endpoint.add', {
    url: `${receiver.url}/own`,
  })
  const endpoint = String(at((await added.json()) as Json, '/data/endpoint_id'))
  const served: Row[] = []
  const neither: string[] = []
  for (const row of inOrder()) {
    const answer = await told(row, endpoint)
    await free()
    if (isTold(row, answer)) continue
    const missing = missingIn(row, answer)
    if (missing.length === 0) served.push(row)
    else neither.push(`${row.name}: ${missing.join('; ')}`)
  }
  expect(neither).toEqual([])
  expect(served.length).toBeGreaterThanOrEqual(PROMISED.all)
  expect(served.filter((row) => row.inIndex).length).toBeGreaterThanOrEqual(PROMISED.inIndex)
})

/** What deletes comes last. */
function inOrder(): Row[] {
  return ROWS.toSorted((one, other) => Number(deletes(one)) - Number(deletes(other)))
}

function deletes(row: Row): boolean {
  return row.method === 'DELETE' || row.path.endsWith('{asset_id}/delete')
}
