/** Draws requests: mostly near misses of calls that would be served, because anything stranger is refused at the door. */
import fc from 'fast-check'
import { TARGETS, type Target } from './targets.ts'
import type { Wire } from './wire.ts'

/** Who sends it. The run replaces the name by what that caller sends. */
const CALLERS = ['full', 'use', 'other', 'operator', 'operator for', 'lapsed', 'none'] as const
export type CallerName = (typeof CALLERS)[number]

export interface Drawn {
  caller: CallerName
  isInKey: boolean
  wire: Wire
  /** The only thing wrong in the body of one of our own paths: a refusal must name it. */
  wrongField?: string
}

/** Texts that stand for ids, which the run knows: of the caller's tenant, of another's, of nobody. */
export const IDS = {
  own: 'OWNJOBOWNJOBOWNJOBOWNJOBOWNJOB00',
  foreign: 'FOREIGNJOBFOREIGNJOBFOREIGNJOB00',
  email: 'OWNEMAIL-at-example.com',
  foreignEmail: 'FOREIGNEMAIL-at-example.com',
}

const ODD_SEGMENTS = [
  '..',
  '.',
  '%2e%2e',
  '%2E',
  '%2f',
  '%5c',
  '%00',
  '%zz',
  '%',
  '%ff%fe',
  '',
  '{id}',
  ' '.replace(' ', '%20'),
  '__proto__',
  'constructor',
  'toString',
  '%F0%9F%98%80',
  'null',
  '-1',
  '0',
  '*',
  ':id',
  '%0d%0aX-Evil:1',
  'a%3Fb%23c',
]
const oddSegment = fc.oneof(
  fc.constantFrom(...ODD_SEGMENTS, ...Object.values(IDS)),
  fc
    .string({ unit: 'binary', maxLength: 12 })
    .map((text) => encodeURIComponent(text.toWellFormed())),
  fc.integer({ min: 100, max: 3000 }).map((length) => 'x'.repeat(length)),
  fc.uuid(),
  fc.stringMatching(/^[0-9a-f]{32}$/)
)

/** Values that a member of a body may have, of every type. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1e308,
    1.5,
    2 ** 53,
    '',
    ' ',
    '..',
    'true',
    '123',
    [],
    {},
    [null],
    [[]],
    { a: {} },
    'https://127.0.0.1/',
    'http://[::1]/',
    'ftp://x',
    'javascript:alert(1)',
    'a\u0000b',
    '\ud800',
    ...Object.values(IDS)
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer({ min: 1000, max: 30_000 }).map((length) => 'y'.repeat(length)),
  fc.double(),
  fc.array(fc.oneof(fc.string({ maxLength: 4 }), fc.integer()), { maxLength: 5 })
)

/** JSON as text, because no object can have two members of one name or a number of 400 digits. */
const RAW_JSON = [
  '',
  ' ',
  '{',
  '[]',
  'null',
  '"x"',
  '1',
  '{} {}',
  '{"a":1,}',
  '{"a":NaN}',
  "{'a':1}",
  '\ufeff{}',
  '{"a":1e999}',
  '{"__proto__":{"scope":"full"}}',
  '{"constructor":{"prototype":{"a":1}}}',
  '{"a":1,"a":2}',
  '{"\\ud800":1}',
  `{"a":${'9'.repeat(400)}}`,
  `${'['.repeat(3000)}${']'.repeat(3000)}`,
  '{"a":'.repeat(3000),
  '\u0000',
  '{"name":"x","name":{"a":1}}',
  '{"callback_url":"https://a.example","callback_url":7}',
]

type Members = Record<string, unknown>

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

interface Spoiled {
  body?: string
  contentType?: string
  wrongField?: string
}

function spoiledBody(target: Target): fc.Arbitrary<Spoiled> {
  const example =
    target.text ?? (target.json === undefined ? undefined : JSON.stringify(target.json))
  const type = 'application/json'
  const json = isMembers(target.json) ? target.json : {}
  const names = Object.keys(json)
  const plain: fc.Arbitrary<Spoiled> = fc.constant(
    example === undefined ? {} : { body: example, contentType: type }
  )
  const raw = fc.constantFrom(...RAW_JSON).map((body) => ({ body, contentType: type }))
  const members = fc
    .record({
      kept: fc.subarray(names),
      more: fc.dictionary(
        fc.constantFrom(
          'callback_url',
          'callback_id',
          '__proto__',
          'title',
          'email',
          'odd',
          'dryRun',
          'maxJobs',
          'external_task_id',
          'replyUrl',
          'folder_id',
          'test'
        ),
        odd,
        { maxKeys: 2 }
      ),
      at: fc.nat(Math.max(0, names.length - 1)),
      value: odd,
    })
    .map(({ kept, more, at, value }) => {
      const name = names[at]
      const all = { ...Object.fromEntries(kept.map((one) => [one, json[one]])), ...more }
      if (name !== undefined) all[name] = value
      return { body: JSON.stringify(all), contentType: type }
    })
  const oneWrong: fc.Arbitrary<Spoiled> = fc.constantFrom(...names, '').map((name) => {
    if (name === '') return { body: example ?? '{}', contentType: type }
    // No field of ours may be an object that has such a member.
    const body = JSON.stringify({ ...json, [name]: { of: 'the wrong type' } })
    return { body, contentType: type, ...(target.isOwn ? { wrongField: name } : {}) }
  })
  const form = fc
    .record({
      value: fc.string({ maxLength: 20 }),
      boundary: fc.constantFrom('b', 'B"', ''),
      isWhole: fc.boolean(),
    })
    .map(({ value, boundary, isWhole }) => ({
      body: `--${boundary}\r\nContent-Disposition: form-data; name="${names[0] ?? 'file'}"\r\n\r\n${value}\r\n${isWhole ? `--${boundary}--\r\n` : ''}`,
      contentType: `multipart/form-data; boundary=${boundary}`,
    }))
  const text = fc
    .record({
      body: fc.string({ unit: 'binary', maxLength: 60 }),
      contentType: fc.constantFrom(
        'text/plain',
        'image/png',
        'application/x-www-form-urlencoded',
        'application/octet-stream',
        'audio/mpeg',
        ''
      ),
    })
    .map(({ body, contentType }) => ({ body, ...(contentType === '' ? {} : { contentType }) }))
  const huge = fc.integer({ min: 60_000, max: 200_000 }).map((length) => ({
    body: JSON.stringify({ ...json, title: 'z'.repeat(length) }),
    contentType: type,
  }))
  return fc.oneof(
    { weight: 6, arbitrary: plain },
    { weight: 3, arbitrary: raw },
    { weight: 6, arbitrary: members },
    { weight: 3, arbitrary: oneWrong },
    { weight: 2, arbitrary: form },
    { weight: 2, arbitrary: text },
    { weight: 1, arbitrary: huge }
  )
}

const named = (path: string, value: string) => path.replaceAll(/\{\w+\}/g, value)

function spoiledPath(target: Target): fc.Arbitrary<string> {
  const [path = '', query] = target.path.split('?')
  const whole = (text: string) => (query === undefined ? text : `${text}?${query}`)
  const segments = path.split('/').slice(1)
  const plain = fc.constantFrom(...Object.values(IDS), 'nobody').map((id) => whole(named(path, id)))
  const replaced = fc
    .tuple(fc.nat(segments.length - 1), oddSegment, fc.boolean())
    .map(([at, odd, isMore]) => {
      const changed = segments.with(at, isMore ? `${segments[at]}/${odd}` : odd)
      return whole(named(`/${changed.join('/')}`, IDS.own))
    })
  const spelled = fc.constantFrom<(text: string) => string>(
    (text) => `${text}/`,
    (text) => `${text}//`,
    (text) => `/${text}`,
    (text) => text.toUpperCase(),
    (text) =>
      text.replace(/([a-z])(?=[a-z]*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    (text) => text.replace('/v', '/./v'),
    (text) => `/heygen/..${text}`,
    (text) => text.split('/').slice(0, -1).join('/') || '/',
    (text) => text.replaceAll('/', '\\'),
    (text) => `${text};a=b`,
    (text) => `${text}.json`
  )
  return fc.oneof(
    { weight: 6, arbitrary: plain },
    { weight: 3, arbitrary: replaced },
    { weight: 1, arbitrary: spelled.map((spell) => whole(spell(named(path, IDS.own)))) }
  )
}

const QUERY_NAMES = [
  'limit',
  'page',
  'token',
  'page_token',
  'pageNum',
  'pageSize',
  'video_id',
  'task_ids',
  'ids',
  'email',
  'force',
  'state',
  'job',
  'tenant',
  'provider',
  'from',
  'to',
  'now',
  'session_id',
  'session_token',
  'ticket',
  '__proto__',
  'x',
]
const queryValue = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1',
    '99999999999999999999',
    'true',
    'x',
    '%zz',
    '%00',
    '..',
    '1,2,3',
    'a@b',
    ...Object.values(IDS)
  ),
  fc
    .string({ unit: 'binary', maxLength: 10 })
    .map((text) => encodeURIComponent(text.toWellFormed())),
  fc.integer({ min: 100, max: 2000 }).map((length) => 'q'.repeat(length))
)
const query = fc
  .array(fc.tuple(fc.constantFrom(...QUERY_NAMES), queryValue), { maxLength: 3 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'))

/** What a header's value may have on the wire. */
const headerText = fc
  .string({ maxLength: 30 })
  .map((text) => text.replaceAll(/[^\x20-\x7e]/g, '').trim())
const HEADERS: [string, string[]][] = [
  ['Idempotency-Key', ['k1', 'k2', 'k3', '', 'x'.repeat(300), '"k"']],
  ['Prefer', ['wait=0', 'wait=1', 'wait=-1', 'wait=x', 'respond-async', 'wait=99999999999']],
  ['X-Gateway-Account', [IDS.email, IDS.foreignEmail, 'nobody', '', '%zz', 'a,b']],
  ['X-Gateway-Tenant', ['nobody', '', '__proto__']],
  ['X-Gateway-Join', ['no', 'yes', '']],
  ['X-Gateway-Reply-Url', ['https://127.0.0.1/', 'x', 'https://a.example.org/']],
  ['X-Gateway-Hop', ['1']],
  ['X-Request-Id', ['mine', '../..']],
  ['Content-Encoding', ['gzip', 'br', 'x']],
  ['Content-Type', ['application/json', 'text/html; charset=utf-7', 'multipart/form-data', 'x']],
  ['Accept', ['text/event-stream', 'text/html', '*/*', '']],
  ['Accept-Encoding', ['gzip', 'identity;q=0', 'br']],
  ['Range', ['bytes=0-1', 'bytes=-1', 'bytes=9-1', 'x']],
  ['If-None-Match', ['*', '"x"', 'W/"x"']],
  ['If-Modified-Since', ['x', 'Thu, 01 Jan 1970 00:00:00 GMT']],
  ['Origin', ['null', 'https://evil.example', 'http://127.0.0.1']],
  ['Cookie', ['a=b', 'token=x; token=y']],
  ['Last-Event-ID', ['x', '1', 'bm90IG9uZQ']],
  ['Mcp-Protocol-Version', ['2025-11-25', 'x', '1.0']],
  ['Mcp-Method', ['tools/call', 'x']],
  ['Upgrade', ['websocket', 'h2c']],
  ['X-Forwarded-Host', ['evil.example']],
  ['X-Http-Method-Override', ['DELETE']],
  ['X-Api-Key', ['', 'sk_other', 'undefined', 'Bearer x']],
  [
    'Authorization',
    [
      '',
      'Bearer',
      'Basic eDp5',
      'Bearer undefined',
      'Bearer a.b.c',
      'Bearer hgs_x',
      'Bearer hgw_x',
    ],
  ],
]
const header = fc.oneof(
  fc
    .constantFrom(...HEADERS)
    .chain(([name, values]) =>
      fc
        .oneof(fc.constantFrom(...values), headerText)
        .map((value) => [name, value] as [string, string])
    ),
  fc
    .integer({ min: 1, max: 6000 })
    .map((length) => ['X-Long', 'h'.repeat(length)] as [string, string])
)

const caller = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom<CallerName>('full', 'use') },
  { weight: 3, arbitrary: fc.constantFrom<CallerName>(...CALLERS) }
)
const OTHER_METHODS = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'PURGE',
]

export const drawn: fc.Arbitrary<Drawn> = fc.constantFrom(...TARGETS).chain((target) =>
  fc
    .record({
      caller,
      isInKey: fc.nat(9).map((n) => n === 0),
      method: fc.oneof(
        { weight: 7, arbitrary: fc.constant(target.method) },
        { weight: 1, arbitrary: fc.constantFrom(...OTHER_METHODS) }
      ),
      path: spoiledPath(target),
      query: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: query }),
      headers: fc.array(header, { maxLength: 3 }),
      spoiled: spoiledBody(target),
      framing: fc.oneof(
        { weight: 8, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 5000 }).map((chunks) => ({ chunks })) },
        { weight: 1, arbitrary: fc.constant({ cut: true }) }
      ),
    })
    .map((parts) => toDrawn(target, parts))
)

interface Parts {
  caller: CallerName
  isInKey: boolean
  method: string
  path: string
  query: string
  headers: [string, string][]
  spoiled: Spoiled
  framing: Pick<Wire, 'chunks' | 'cut'>
}

function toDrawn(target: Target, parts: Parts): Drawn {
  const { method, path, query: more, headers, spoiled, framing, caller: who, isInKey } = parts
  const { body, contentType, wrongField } = spoiled
  const at = more === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${more}`
  const type: [string, string][] = contentType === undefined ? [] : [['Content-Type', contentType]]
  const isPlain = method === target.method && isPathOf(target, path) && more === ''
  const wire = {
    method,
    target: at,
    headers: [...type, ...headers],
    ...(body === undefined ? {} : { body, ...framing }),
  }
  // The operator's paths are about all tenants, and refuse who names one before they read a body.
  const isReadable = framing.cut !== true && !(who === 'operator for' && path.startsWith('/admin'))
  const isNamed = wrongField !== undefined && isPlain && isReadable && headers.length === 0
  return { caller: who, isInKey, wire, ...(isNamed ? { wrongField } : {}) }
}

/** Whether the path is the target's, with anything that is well encoded in the place of its ids. */
function isPathOf(target: Target, path: string): boolean {
  const wanted = target.path.split('/')
  const given = path.split('/')
  const isSame = (part: string, at: number) =>
    part.includes('{') ? /^[\w@.-]*\w$/.test(given[at] ?? '') : part === given[at]
  return wanted.length === given.length && wanted.every(isSame)
}
