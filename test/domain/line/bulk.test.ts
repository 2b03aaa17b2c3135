/** Bodies of bulk calls: split as JSON.parse reads them, each item by itself, and bodies byte for byte. */
import { expect, test } from 'vitest'
import { BULK_BYTES_MAX, splitBulk, type BulkBody } from '#domain/line/bulk-body.ts'
import { inPortions, readBulkItems, type BulkRead } from '#domain/line/bulk-items.ts'
import { randomOf } from '../queue/pool.ts'

const MIB = 1024 * 1024
const utf8 = (text: string) => new TextEncoder().encode(text)

function itemsOf(split: BulkBody): { start: number; end: number }[] {
  if (!split.ok) throw new Error(split.message)
  return split.items
}

function readAll(text: string): BulkRead[] {
  const bytes = utf8(text)
  return [...readBulkItems(bytes, itemsOf(splitBulk(bytes)))]
}

function readOne(item: unknown): BulkRead {
  const [read] = readAll(JSON.stringify([item]))
  if (!read) throw new Error('no item')
  return read
}

function errorOf(item: unknown): string {
  const read = readOne(item)
  if (read.ok) throw new Error('it is right')
  return `${read.code}: ${read.error}`
}

const TEXTS = ['', 'plain', '"', '\\', '\\"', '],[', '{"a":1}', 'é', '日本', '😀', '\u2028', '\n']

/** Generated JSON, with odd spaces, escapes in several notations, and numbers that JavaScript cannot hold. */
function jsonText(random: (below: number) => number, depth: number): string {
  const space = () => ['', '', ' ', '\t', ' \r '][random(5)] ?? ''
  const kind = depth > 3 ? random(4) : random(6)
  if (kind === 0)
    return ['9007199254740993', '-12345678901234567890', '1.50', '0', '1e9'][random(5)] ?? '0'
  if (kind === 1) return ['true', 'false', 'null'][random(3)] ?? 'null'
  if (kind < 4) {
    const text = TEXTS[random(TEXTS.length)] ?? ''
    return random(3) === 0 && text === 'é' ? '"\\u00e9"' : JSON.stringify(text)
  }
  const parts = Array.from({ length: random(4) }, (_, index) => {
    const value = jsonText(random, depth + 1)
    return kind === 4
      ? value
      : `${JSON.stringify(`k${index}${TEXTS[random(6)]}`)}${space()}:${space()}${value}`
  })
  const inner = parts.map((part) => space() + part + space()).join(',')
  return kind === 4 ? `[${inner}]` : `{${inner}}`
}

function bodyText(random: (below: number) => number): string {
  for (;;) {
    const text = jsonText(random, 0)
    if (text.startsWith('{')) return text
  }
}

test.for(['array', 'lines'])(
  'bodies go up byte for byte, whatever stands in them (%s, generated)',
  (form) => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const random = randomOf(seed)
      const bodies = Array.from({ length: random(30) + 1 }, () => bodyText(random))
      const items = bodies.map(
        (body, index) => `{"path":"/v3/videos?n=${index}", "body" : ${body}}`
      )
      const text =
        form === 'array'
          ? `${['', '\uFEFF'][random(2)]} [ ${items.join(' , \n')}\n] `
          : `${items.join(random(2) === 0 ? '\n' : '\r\n\n')}${['', '\n'][random(2)]}`
      const reads = readAll(text)
      expect(reads).toHaveLength(bodies.length)
      for (const [index, read] of reads.entries()) {
        if (!read.ok) throw new Error(`seed ${seed}: ${read.error}`)
        expect(new TextDecoder().decode(read.item.body)).toBe(bodies[index])
        expect(read.item.search).toBe(`?n=${index}`)
      }
    }
  }
)

test('an array is split as JSON.parse reads it, and where that refuses the body, so do the body or its items (generated)', () => {
  const counts = { same: 0, refused: 0 }
  for (let seed = 1; seed <= 4000; seed += 1) {
    const random = randomOf(seed)
    const items = Array.from({ length: random(4) }, () => jsonText(random, 1))
    let text = `[${items.join(',')}]`
    // Some are damaged: a character more, less, or another one.
    for (let damage = random(3); damage > 0; damage -= 1) {
      const at = random(text.length + 1)
      const put = ['', '"', '\\', '[', ']', '{', '}', ',', 'x', ' '][random(10)] ?? ''
      text = text.slice(0, at) + put + text.slice(at + random(2))
    }
    // A character may have been cut in half.
    text = text.toWellFormed()
    const bytes = utf8(text)
    const split = splitBulk(bytes)
    const slices = split.ok ? split.items : []
    const texts = slices.map(({ start, end }) => new TextDecoder().decode(bytes.slice(start, end)))
    let whole: unknown
    try {
      whole = JSON.parse(text)
    } catch {
      whole = undefined
    }
    if (Array.isArray(whole)) {
      expect(split.ok, text).toBe(true)
      expect(texts.map((one) => JSON.parse(one) as unknown)).toEqual(whole)
      counts.same += 1
    } else if (text.startsWith('[')) {
      const isBroken = texts.some((one) => {
        try {
          return JSON.parse(one) === undefined
        } catch {
          return true
        }
      })
      expect(!split.ok || isBroken, text).toBe(true)
      counts.refused += 1
    }
  }
  expect(Math.min(counts.same, counts.refused)).toBeGreaterThan(500)
})

test('an array that breaks off is refused whole, wherever it does', () => {
  const text = '[{"path":"/v3/videos","body":{"a":"]\\"}"}}, {"path":"/v3/x","body":{}}]'
  for (let length = 1; length < text.length; length += 1)
    expect(splitBulk(utf8(text.slice(0, length))).ok, text.slice(0, length)).toBe(false)
  expect(splitBulk(utf8(text)).ok).toBe(true)
})

test('a body of neither form is refused, and an empty array has no items', () => {
  for (const text of ['', '  ', '"text"', 'a=b', '--x', '[] []', '[,]', '[{},]', '[}', '[]x'])
    expect(splitBulk(utf8(text)), text).toMatchObject({ ok: false, code: 'bad_request' })
  expect(splitBulk(utf8(' [ ] '))).toEqual({ ok: true, items: [] })
})

test('a body has up to 1,000 items', () => {
  for (const join of [
    (items: string[]) => `[${items.join(',')}]`,
    (items: string[]) => items.join('\n'),
  ]) {
    const items = (count: number) => Array.from({ length: count }, () => '{}')
    expect(itemsOf(splitBulk(utf8(join(items(1000)))))).toHaveLength(1000)
    expect(splitBulk(utf8(join(items(1001))))).toMatchObject({ ok: false, code: 'too_large' })
  }
})

test('an item that is wrong names the field, and the others are read', () => {
  const good = '{"path":"/v3/videos","body":{}}'
  const lines = [good, '{"path":', '7', '[]', 'null', '{"body":{}}', good].join('\n')
  const errors = readAll(lines).map((read) => (read.ok ? 'ok' : read.error))
  const noObject = 'The item must be an object with path and body.'
  expect(errors).toEqual([
    'ok',
    'The item is not JSON.',
    noObject,
    noObject,
    noObject,
    'path is required.',
    'ok',
  ])
  const bytes = utf8(`[${good},{"a":"x"}]`)
  bytes[bytes.length - 4] = 0xff
  const [first, second] = readBulkItems(bytes, itemsOf(splitBulk(bytes)))
  expect([first?.ok, second]).toMatchObject([true, { error: 'The item is not UTF-8.' }])
})

test('path and body are required, and nothing else is taken', () => {
  expect(errorOf({})).toBe('bad_request: path is required. body is required.')
  expect(errorOf({ path: '/v3/videos', body: [] })).toBe('bad_request: body: a JSON object.')
  expect(errorOf({ path: '/v3/videos', body: {}, method: 'GET', x: 1 })).toBe(
    'bad_request: Unknown field method, x.'
  )
})

test('a path stays at the provider, and is what a URL makes of it', () => {
  const rule = 'bad_request: path: a path of the provider, such as /v3/videos.'
  const odd = ['', 'v3/videos', '//evil.example/x', '/\\evil.example', 'https://evil.example/v3', 7]
  const more = [
    '/v3/../admin',
    '/v3/%2e%2E/admin',
    '/v3/./x',
    '/v3//x',
    '/v3/a%2Fb',
    '/v3/%zz',
    '/v3/x#y',
    '/a\nb',
    `/${'x'.repeat(9000)}`,
  ]
  for (const path of [...odd, ...more]) expect(errorOf({ path, body: {} }), String(path)).toBe(rule)
  const read = readOne({ path: '/heygen/v3/videos/é b?x=1&y=a%2Fb', body: {} })
  expect(read).toMatchObject({
    ok: true,
    item: { path: '/heygen/v3/videos/%C3%A9%20b', search: '?x=1&y=a%2Fb' },
  })
})

test('headers are those of the closed list, each checked', () => {
  const headers = {
    'Idempotency-Key': 'order-17',
    'x-gateway-priority': 1,
    'X-Gateway-Start-Within': '604800',
    'X-Gateway-Reply-Url': 'https://example.com/hook',
    'X-Gateway-Account': 'a@example.com',
  }
  const read = readOne({ path: '/v3/videos', body: {}, headers })
  expect(read.ok && read.item.headers).toEqual({
    idempotencyKey: 'order-17',
    priority: 1,
    startWithinSeconds: 604_800,
    replyUrl: 'https://example.com/hook',
    account: 'a@example.com',
  })
  const refused = (of: unknown) => errorOf({ path: '/v3/videos', body: {}, headers: of })
  expect(refused([])).toContain('headers: an object of texts')
  expect(refused({ Authorization: 'Bearer secret' })).toMatch(/headers\.Authorization: only Idem/)
  expect(refused({ Authorization: 'Bearer secret' })).not.toContain('secret')
  expect(refused({ constructor: 'x', __proto__x: 'y' })).toContain('headers.constructor: only')
  const wrong = {
    'X-Gateway-Priority': [0, 6, 1.5, '', true],
    'X-Gateway-Start-Within': [0, 604_801, '1h'],
    'Idempotency-Key': ['', 'a b', 'x'.repeat(256)],
    'X-Gateway-Reply-Url': ['x', null],
    'X-Gateway-Account': ['', {}],
  }
  for (const [name, values] of Object.entries(wrong))
    for (const value of values) expect(refused({ [name]: value })).toContain(`headers.${name}: `)
  const twice = { 'X-Gateway-Priority': '1', 'x-gateway-priority': '2' }
  expect(refused(twice)).toContain('headers.X-Gateway-Priority: only once')
})

test('a body of one item has up to 1 MiB, and a larger one does not stop the others', () => {
  const item = (size: number) =>
    `{"path":"/v3/videos","body":{"a":"${'é'.repeat((size - 8) / 2)}"}}`
  const reads = readAll([item(MIB), item(MIB + 2), item(4 * MIB), item(100)].join('\n'))
  expect(reads.map((read) => (read.ok ? read.item.body.byteLength : read.code))).toEqual([
    MIB,
    'too_large',
    'too_large',
    100,
  ])
})

test('portions keep the order, with up to 250 items and 4 MiB each, and only the one that is worked on is decoded', () => {
  const small = Array.from({ length: 600 }, (_, index) => `{"path":"/v3/n${index}","body":{}}`)
  small[3] = '{}'
  const sizes = [...inPortions(readAll(`[${small.join(',')}]`))]
  expect(sizes.map((portion) => portion.length)).toEqual([250, 250, 100])
  const paths = sizes.flat().map((read) => (read.ok ? read.item.path : ''))
  expect(paths).toEqual(small.map((_, index) => (index === 3 ? '' : `/v3/n${index}`)))

  const big = Array.from(
    { length: 15 },
    () => `{"path":"/v3/videos","body":{"a":"${'x'.repeat(MIB - 8)}"}}`
  )
  const bytes = utf8(`[${big.join(',')}]`)
  expect(bytes.byteLength).toBeLessThan(BULK_BYTES_MAX)
  const items = itemsOf(splitBulk(bytes))
  const portions = inPortions(readBulkItems(bytes, items))
  expect(portions.next().value).toHaveLength(4)
  // What has not been read yet is read from the bytes as they are then.
  bytes.fill(32, items[5]?.start, items[5]?.end)
  const rest = [...portions].flat()
  expect(rest.map((read) => read.ok)).toEqual([
    true,
    false,
    ...Array.from({ length: 9 }, () => true),
  ])
  expect([...inPortions([])]).toEqual([])
})
