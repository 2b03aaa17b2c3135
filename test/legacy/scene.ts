/** A gateway in front of the v3-only stand-in, and one case played through it. */
import { openStoodIn, type Sent, type StoodIn } from '../support/stand-in.ts'
import { answerDifferences, requestDifferences, schemaFaults } from './compare.ts'
import type { Case } from './cases.ts'
import { NEW, heygenWith } from './heygen.ts'
import { interpret } from './interpreter/interpret.ts'
import { at, isMembers, type Json, type Legacy, type Members } from './map/places.ts'
import type { V3Request } from './interpreter/requests.ts'
import type { Settings } from './interpreter/words.ts'

const DEFAULTS: Settings = { LEGACY_ENGINE: 'iii', LEGACY_4K: 'clamp' }

interface Played {
  answer: { status: number; body: Json; headers: Headers }
  sent: V3Request[]
  /** How it differs from what the interpreter says. Empty: not at all. */
  found: string[]
}

export interface Scene {
  play(one: Case): Promise<Played>
  /** One after another. Says how each differs from the map. */
  playAll(cases: Case[]): Promise<string[]>
  close(): Promise<void>
}

/** The most that an account may have. Its jobs here never end. */
const MOST_JOBS = 10
const MOST_OF_ONE_CALL = 4
const MOST_SHOWN = 6
const PARKING = new Set([401, 402, 429])

export async function openScene(settings: Settings = DEFAULTS): Promise<Scene> {
  const stoodIn: StoodIn = await openStoodIn({ vars: { LEGACY: 'bridge', ...settings } })
  const { gateway, standIn } = stoodIn
  let heygen = heygenWith()
  let count = 0
  let held = 0
  standIn.answer = (sent) => {
    const { status, body } = heygen(requestOf(sent))
    // Two accounts of one HeyGen user are refused.
    const isUser = sent.path === '/v3/users/me' && status === 200
    return { status, body: isUser ? withUser(body, count) : body }
  }
  const fresh = async () => {
    heygen = heygenWith()
    count += 1
    gateway.token = (await gateway.newToken({ tenant: `tenant-${count}` })).token
    await gateway.addAccount(`account${count}`, MOST_JOBS)
    held = 0
  }
  await fresh()
  const play = async (one: Case): Promise<Played> => {
    if (held > MOST_JOBS - MOST_OF_ONE_CALL) await fresh()
    const expected = interpret(one.row, one.legacy, settings, heygenWith(one.changes))
    heygen = heygenWith(one.changes)
    standIn.sent.length = 0
    const response = await gateway.fetch(urlOf(one.legacy), initOf(one.legacy))
    const text = await response.text()
    const { status, headers } = response
    const sent = standIn.sent.map(requestOf)
    held += sent.filter(({ method }) => method === 'POST').length
    heygen = heygenWith()
    const body = parsed(text)
    const isPassed = sent.some(
      ({ path }) => !path.startsWith('/v3/') || path.includes('/v3/template/')
    )
    const found = isPassed ? ['passed, not carried'] : requestDifferences(expected.asked, sent)
    if (isPassed) return { answer: { status, body, headers }, sent, found }
    found.push(...schemaFaults(sent))
    if (status !== expected.answer.status)
      found.push(`status: ${expected.answer.status} ≠ ${status} ${text.slice(0, 200)}`)
    else found.push(...answerDifferences(expected.answer.body, body, one.row))
    const lost = headers.get('x-gateway-lost') ?? ''
    for (const name of status < 300 ? expected.lost : [])
      if (!lost.includes(name)) found.push(`X-Gateway-Lost: ${name} is not in "${lost}"`)
    return { answer: { status, body, headers }, sent, found }
  }
  const playAll = async (cases: Case[]): Promise<string[]> => {
    const found: string[] = []
    for (const one of cases) {
      const parks = one.changes.some(({ fails }) => fails && PARKING.has(fails.status))
      const played = await play(one)
      // A tenant of its own, because the case has parked its account.
      if (parks) await fresh()
      for (const difference of played.found.slice(0, MOST_SHOWN))
        found.push(`${one.name} | ${difference}`)
    }
    return found
  }
  return { play, playAll, close: stoodIn.close }
}

function withUser(body: Json, count: number): Json {
  const data = at(body, '/data')
  if (!isMembers(data) || typeof data['username'] !== 'string') return body
  return { data: { ...data, username: `${NEW}-user-${count}` } }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

export function urlOf({ path, params, query }: Legacy): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => params[name] ?? 'x-1')
  const search = new URLSearchParams(query).toString()
  return `/heygen${filled}${search ? `?${search}` : ''}`
}

export function initOf({ method, body, raw }: Legacy): RequestInit {
  if (raw) {
    const bytes = new Uint8Array(raw.bytes)
    return { method, body: bytes, headers: { 'content-type': raw.type } }
  }
  if (body === undefined) return { method }
  return { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}

function requestOf({ method, path, body, headers }: Sent): V3Request {
  const url = new URL(path, 'http://heygen')
  const query = Object.fromEntries(url.searchParams)
  const type = String(headers['content-type'] ?? '')
  const request: V3Request = { method, path: url.pathname, query }
  if (type.startsWith('multipart/')) return { ...request, file: fileOf(body, type) }
  if (body.length === 0) return request
  return { ...request, body: parsed(body.toString('utf8')) as Members }
}

/** The one part of an upload. */
function fileOf(body: Buffer, contentType: string): { bytes: Uint8Array; type: string } {
  const [, boundary = ''] = /boundary="?([^";]+)/.exec(contentType) ?? []
  const start = body.indexOf('\r\n\r\n') + 4
  const end = body.lastIndexOf(`\r\n--${boundary}`)
  const head = body.subarray(0, start).toString('latin1')
  const [, type = ''] = /content-type:\s*(\S+)/i.exec(head) ?? []
  return { bytes: body.subarray(start, end), type }
}
