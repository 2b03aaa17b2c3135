/** What is kept of a queued creation opens to the same call, byte by byte, and only for its tenant. */
import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import type { Work } from '#domain/ports/line.ts'
import { openItem, sealItem } from '#flows/queue/item-text.ts'
import { readWhole } from '#flows/upstream/read-call.ts'
import type { ReadCall } from '#flows/upstream/proxy-call.ts'
import { kling } from '#providers/kling/index.ts'
import { makeVault } from '../../../src/storage/vault.ts'

const PATH = '/v1/videos/text2video'
const ROW_BYTES_MAX = 2_000_000
const vault = makeVault([{ kid: 'k1', raw: btoa('1'.repeat(32)) }], platform)

async function callOf(body: string | null): Promise<ReadCall> {
  return readWhole({
    requestId: 'r1',
    origin: 'https://gateway.example.com',
    tenant: 't',
    provider: kling,
    match: kling.routes.match('POST', PATH),
    method: 'POST',
    path: PATH,
    search: '?a=1&b=%2F',
    headers: new Headers({ 'content-type': 'application/json', 'x-note': 'ü' }),
    body: body === null ? null : new TextEncoder().encode(body),
    tokenId: 'tok_1',
    tokenHash: 'hash',
  })
}

function workOf(sealed: string, tenant = 't'): Work {
  return {
    item: 'i1',
    leaseId: 'lease-2',
    earlier: ['lease-1'],
    mayStart: true,
    sort: {
      state: 'waiting',
      lane: '',
      token: 'tok_1',
      priority: 3,
      askedAt: 1,
      startBy: 2,
      bytes: sealed.length,
      route: `POST ${PATH}`,
      slots: 1,
      limit: 2,
    },
    record: {
      requestId: 'r1',
      tenant,
      method: 'POST',
      path: PATH,
      names: ['8000'],
      tokenHash: 'hash',
      origin: 'https://gateway.example.com',
      reply: { url: 'https://client.example.com/end' },
      tries: [],
    },
    sealed,
  }
}

const BODIES = {
  'a number of 64 bits': '{"id": 9007199254740993001,\n "prompt":"a \\"b\\" \u{1F600}"}',
  'a byte order mark': '\uFEFF{"prompt":"x"}',
  'no JSON': 'a=1\nb=2',
  'an empty text': '',
}

test.for(Object.entries(BODIES))(
  'a queued creation opens as it came: %s [I7]',
  async ([, body]) => {
    const call = await callOf(body)
    const opened = await openItem({ vault }, kling, workOf(await sealItem({ vault }, call)))
    expect(opened.body).toEqual(call.body)
    expect(opened.json).toEqual(call.json)
    expect([...opened.headers]).toEqual([...call.headers])
    const { method, path, search, match, tokenId, tokenHash, origin, tenant } = call
    const same = { method, path, search, match, tokenId, tokenHash, origin, tenant }
    const ofTry = {
      requestId: 'lease-2',
      limit: 2,
      reply: { url: 'https://client.example.com/end' },
    }
    expect(opened).toMatchObject({ ...same, ...ofTry })
  }
)

test('a creation without a body has none when it is opened', async () => {
  const sealed = await sealItem({ vault }, await callOf(null))
  expect((await openItem({ vault }, kling, workOf(sealed))).body).toBeNull()
})

test("what another tenant's desk hands over does not open [I5]", async () => {
  const sealed = await sealItem({ vault }, await callOf('{}'))
  await expect(openItem({ vault }, kling, workOf(sealed, 'other'))).rejects.toThrow()
})

test('nothing of the body, the query or the headers can be read in the sealed text [I6]', async () => {
  const sealed = await sealItem({ vault }, await callOf('{"prompt":"secret-prompt"}'))
  const [, , text = ''] = sealed.split('.')
  expect(sealed).not.toContain('secret-prompt')
  expect(atob(text)).not.toMatch(/secret-prompt|x-note|a=1/)
})

test.for(['"', '\u0000', 'x'])('a body of 1 MiB of %j fits into a row', async (char) => {
  const sealed = await sealItem({ vault }, await callOf(char.repeat(1024 * 1024)))
  expect(sealed.length).toBeLessThan(ROW_BYTES_MAX)
})
