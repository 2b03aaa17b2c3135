/** Two creations of a tenant whose answers name the same job id, on two accounts. No provider promises that its ids are unique. */
import { afterAll, expect, test } from 'vitest'
import { openStoodIn, type Told } from '../../../support/stand-in.ts'

const { gateway, standIn, close } = await openStoodIn({
  accounts: { a: 3, b: 3 },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(close)

const ids = { a: ['own', 'same'], b: ['same', 'other'] }

standIn.answer = ({ method, account }): Told | undefined =>
  method === 'POST'
    ? { body: { data: { video_translation_ids: ids[account as 'a' | 'b'] } } }
    : undefined

/** The ids of the running jobs by account. */
async function running(): Promise<string[]> {
  const answer = await gateway.fetch('/v1/heygen/scheduler')
  const jobs = (await answer.json()) as { id: string; email: string }[]
  return jobs.map(({ id, email }) => `${email.split('@')[0]} ${id}`).toSorted()
}

test('the jobs of two creations that share an id keep their slots and ids after an eviction [I1]', async () => {
  for (const email of ['a@example.com', 'b@example.com']) {
    const body = {
      video: { type: 'url', url: 'https://example.com/in.mp4' },
      output_languages: ['Spanish', 'French'],
    }
    const headers = { 'x-gateway-account': email }
    expect((await gateway.post('/heygen/v3/video-translations', body, headers)).status).toBe(200)
  }
  const jobs = ['a own', 'a same', 'b other', 'b same']
  expect(await running()).toEqual(jobs)
  await fetch(`${gateway.url}/__evict`, { method: 'POST' })
  expect(await running()).toEqual(jobs)
  expect(await gateway.heldSlots()).toBe(4)
})
