/** Repeats of creations that were queued: under an Idempotency-Key, and without an answer. */
import { expect, test } from 'vitest'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import { readOutcome } from '#flows/repeats/read-outcome.ts'
import { heygen } from '#providers/heygen/index.ts'
import { Door } from '../../support/queue/door.ts'

const ASYNC = { prefer: 'respond-async' }
const KEYED = { ...ASYNC, 'idempotency-key': 'k1' }
const VIDEOS = '/heygen/v3/videos'
const BODY = { type: 'avatar', script: 'Hello.' }
const STALE_MS = 151_000

test('a repeat of a key gets the queued answer again, whatever the item is by then', async () => {
  const door = new Door()
  const first = await door.call('POST', VIDEOS, BODY, { headers: KEYED })
  const said = await first.text()
  await door.begin(['real-1'])
  const again = await door.call('POST', VIDEOS, BODY, { headers: KEYED })
  expect(again.status).toBe(202)
  expect(await again.text()).toBe(said)
  expect(again.headers.get('location')).toBe(first.headers.get('location'))
  expect(again.headers.get('preference-applied')).toBe('respond-async')
  expect(door.items).toHaveLength(1)
})

for (const state of ['waits', 'has begun', 'was cancelled']) {
  test(`a repeat of a key whose Worker died gets the queued item, which ${state}, and starts nothing [I4]`, async () => {
    const door = new Door()
    const desk = door.desk.bind(door)
    door.desk = () => ({ ...desk(), endKey: () => new Promise<void>(() => {}) })
    const dying = door.call('POST', VIDEOS, BODY, { headers: KEYED })
    while (door.items.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    void dying
    door.desk = desk
    const [name = ''] = door.items[0]?.record.names ?? []
    if (state === 'has begun') await door.begin(['real-1'])
    if (state === 'was cancelled') await door.line.cancelItem(name)
    door.now += STALE_MS
    const repeat = await door.call('POST', VIDEOS, BODY, { headers: KEYED })
    expect(repeat.status).toBe(202)
    expect(await repeat.json()).toMatchObject({ data: { video_id: name } })
    expect([door.items.length, door.acquired]).toEqual([1, 0])
    const kept = await door.call('POST', VIDEOS, BODY, { headers: KEYED })
    expect(await kept.json()).toMatchObject({ data: { video_id: name } })
  })
}

test('while the desk cannot say whether there is an item, a repeat of a stale key starts nothing [I4]', async () => {
  const door = new Door()
  const desk = door.desk.bind(door)
  const lost = newTimedId(door.now, crypto.randomUUID())
  await door.desk().beginKey(`POST /v3/videos k1`, lost)
  door.now += STALE_MS
  door.desk = () => ({ ...desk(), itemsOf: () => Promise.reject(new Error('away')) })
  const repeat = await door.call('POST', VIDEOS, BODY, { headers: KEYED })
  expect(repeat.status).toBe(503)
  expect([door.items.length, door.acquired]).toEqual([0, 0])
  door.desk = desk
  const later = await door.call('POST', VIDEOS, BODY, { headers: KEYED })
  expect(later.status).toBe(202)
})

test('an older desk has no items, which is no reason to refuse a repeat', async () => {
  const door = new Door()
  const desk = door.desk.bind(door)
  const lacking = new Error('The RPC receiver does not implement the method "itemsOf".')
  door.desk = () => ({ ...desk(), itemsOf: () => Promise.reject(lacking) })
  const asked = { provider: heygen, tenant: 't', requestId: newTimedId(1, crypto.randomUUID()) }
  expect(await readOutcome(door.ports(), asked)).toEqual({ kind: 'none' })
})

test('a repeat of the same bytes after an unknown outcome joins the queued creation [I4]', async () => {
  const door = new Door()
  const desk = door.desk.bind(door)
  const noted: { requestId: string }[] = []
  door.desk = () =>
    ({
      ...desk(),
      noteUnknown: async (_: string, unknown: { requestId: string }) => void noted.push(unknown),
      unknownOf: async () => noted[0],
      forgetUnknown: async () => {},
    }) as never
  door.enqueue = async (items, go) => {
    await go(items)
    throw new Error('the answer is lost')
  }
  expect((await door.call('POST', VIDEOS, BODY, { headers: ASYNC })).status).toBe(424)
  const [name] = door.items[0]?.record.names ?? []
  const repeat = await door.call('POST', VIDEOS, BODY, { headers: ASYNC })
  expect(await repeat.json()).toMatchObject({ data: { video_id: name } })
  expect(repeat.headers.get('x-gateway-joined')).toBe(noted[0]?.requestId)
  expect(new Set(door.items.map(({ item }) => item)).size).toBe(1)
})
