/** Every list of the older API, carried on three accounts: all have their rows in it, and each row can be used. */
import { afterAll, expect, test } from 'vitest'
import { isCarried } from '../../support/catalogue/carried-rows.ts'
import { HTTP_ROWS } from '../../support/catalogue/catalogue.ts'
import { oneOfEach } from '../../support/full.ts'
import { openGateway } from '../../support/gateway.ts'
import {
  LISTS,
  ownRows,
  pagesOf,
  readThrough,
  sizesOf,
} from '../../support/scenes/legacy/own-rows.ts'

const gateway = await openGateway({
  accounts: { a: 10, b: 10, c: 10 },
  simAccount: { examples: false },
  simVars: { JOB_MS: '600000', SYNC_MS: '5', SUNSET: 'true' },
})
afterAll(() => gateway.dispose())

/** The newest description of this list has rows as v3 has them. */
const CARRIED_IDS: Record<string, string[]> = { '/v2/videos': ['/data/*/id'] }
const CARRIED_LISTS = LISTS.filter(({ method, path }) =>
  HTTP_ROWS.some((row) => row.method === method && row.path === path && isCarried(row))
).map((row) => ({ ...row, listedIdOut: CARRIED_IDS[row.path] ?? row.listedIdOut }))

/** An older call and a newer one that use a row of the list. The id stands for `*`. */
const USES: Record<string, [older: string, newer: string]> = {
  '/v2/templates': ['GET /v2/template/*', 'GET /v3/templates/*'],
  '/v1/video.list': ['GET /v1/video_status.get?video_id=*', 'GET /v3/videos/*'],
  '/v2/videos': ['GET /v2/videos/*', 'GET /v3/videos/*'],
  '/v2/avatar_group.list': ['GET /v2/avatar_group/*/avatars', 'GET /v3/avatars/*'],
  '/v2/avatars': ['GET /v2/avatar/*/details', 'GET /v3/avatars/looks/*'],
  '/v1/talking_photo.list': ['GET /v2/photo_avatar/*', 'GET /v3/avatars/looks/*'],
  '/v2/voices': ['POST /v2/voices/*/preview', 'POST /v3/voices/speech'],
  '/v1/audio/voices': ['POST /v2/voices/*/preview', 'POST /v3/voices/speech'],
  '/v1/brand_voice/list': ['POST /v1/brand_voice/*', 'GET /v3/brand-glossaries/*'],
  '/v1/asset/list': ['POST /v1/asset/*/delete', 'GET /v3/assets/*'],
}

/** v3 lists only public voices if it is not asked for the others, and its pages are short. */
const ASKED: Record<string, Record<string, string>> = {
  '/v1/audio/voices': { type: 'private' },
  '/v2/videos': { limit: '100' },
}

async function use(call: string, id: string): Promise<Response> {
  const [method = '', path = ''] = call.replace('*', id).split(' ')
  const body = { voice_id: id, text: 'Hello.', name: 'Demo' }
  const init = method === 'GET' ? { method } : { method, body: JSON.stringify(bodyFor(path, body)) }
  return gateway.fetch(`/heygen${path}`, {
    ...init,
    headers: { 'content-type': 'application/json' },
  })
}

function bodyFor(path: string, { voice_id, text, name }: Record<string, string>): object {
  if (path.startsWith('/v1/brand_voice')) return { name }
  return path.endsWith('/delete') ? {} : { voice_id, text }
}

for (const row of oneOfEach(CARRIED_LISTS, pagesOf)) {
  test(`${row.path}, carried, holds every account’s rows exactly once, and each can be used by older and newer calls`, async () => {
    const mine = await ownRows(gateway, row.path)
    expect(mine.length, 'the test knows what the list is made of').toBeGreaterThan(0)
    for (const size of sizesOf(row)) {
      const seen = await readThrough(gateway, row, size, ASKED[row.path])
      for (const id of mine) expect(seen, `size ${size}`).toContain(id)
    }
    const [older = '', newer = ''] = USES[row.path] ?? []
    for (const id of mine.filter((one) => one.endsWith('-0'))) {
      const [, name] = id.split('-')
      for (const call of [newer, older]) {
        await gateway.sim.forgetRequests()
        const answer = await use(call, id)
        expect([call, answer.status], await answer.text()).toEqual([call, 200])
        expect(answer.headers.get('x-gateway-account')).toBe(`${name}@example.com`)
        const seen = await gateway.sim.requests()
        const elsewhere = seen.filter(({ account }) => account !== `${name}@example.com`)
        expect(elsewhere.filter(({ method }) => method !== 'GET')).toEqual([])
      }
    }
  })
}
