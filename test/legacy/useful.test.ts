/** On a HeyGen that serves v3 only, each row of the older API is served, or its end is told with what to use instead. */
import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../support/gateway.ts'
import { legacyOf } from './cases.ts'
import { ROWS, type Row } from './map/map.ts'
import { at, isMembers, type Json, type Legacy } from './map/places.ts'
import { SAMPLES } from './samples/index.ts'
import { initOf, urlOf } from './scene.ts'

const EMAIL = 'ana@example.com'
/** What the product promises of the 101 rows, and of the 75 of them that were in the first index. */
const PROMISED = { all: 67, inIndex: 52 }

let gateway: Gateway
beforeAll(async () => {
  gateway = await openGateway({ simVars: { SUNSET: 'true' } })
  await gateway.addAccount('ana', 10)
  for (const [resource, id, doc] of RESOURCES)
    await gateway.sim.control('POST', '/resources', {
      account: EMAIL,
      resource,
      id,
      ...(resource === 'avatar' ? { form: 'look' } : {}),
      doc: doc ?? {},
    })
  for (const [type, id] of JOBS)
    await gateway.sim.control('POST', '/jobs', { account: EMAIL, type, id })
  await gateway.sim.finishJobs()
})
afterAll(() => gateway.dispose())

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
  const text = JSON.stringify(body)
  return status === 410 && Boolean(row.gone?.test(text))
}

test('of the 101 older rows each is served in its own shape, or ends with a 410 that names what to use', async () => {
  const added = await gateway.post('/heygen/v1/webhook/endpoint.add', {
    url: 'https://example.com/own',
  })
  const endpoint = String(at((await added.json()) as Json, '/data/endpoint_id'))
  const served: Row[] = []
  const neither: string[] = []
  for (const row of inOrder()) {
    const answer = await told(row, endpoint)
    await gateway.sim.finishJobs()
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
  const deletes = (row: Row) => Number(row.method === 'DELETE' || row.path.endsWith('/delete'))
  return ROWS.toSorted((one, other) => deletes(one) - deletes(other))
}
