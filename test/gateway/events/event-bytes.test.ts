/** Events whose bytes are odd: signed over what came, and read for all that. */
import { createHmac } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { addEndpoint, eventOf, hookOf, openHooked } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())
const gateway = await openHooked(open, { accounts: { ann: 9 } })
await addEndpoint(gateway, `${receiver.url}/ep`)
const hook = await hookOf(gateway, 'ann')

async function createVideo(): Promise<string> {
  const made = await gateway.createVideo()
  return ((await made.json()) as { data: { video_id: string } }).data.video_id
}

function send(body: Buffer, signedBytes = body): Promise<Response> {
  const signature = createHmac('sha256', hook.secret).update(signedBytes).digest('hex')
  return fetch(hook.url, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': 'application/json', signature },
  })
}

const statusOf = async (job: string) => {
  const answer = await gateway.fetch(`/v1/heygen/jobs/${job}`)
  return ((await answer.json()) as { status: string }).status
}

test.each([
  [
    'with a byte that is no UTF-8',
    (text: string) => Buffer.from(text.replace('v.mp4', 'v-é.mp4'), 'latin1'),
  ],
  ['behind a byte order mark', (text: string) => Buffer.from(`\uFEFF${text}`)],
  ['of plain UTF-8', (text: string) => Buffer.from(text.replace('v.mp4', 'v-é.mp4'))],
])('an event %s settles its job and is passed on [I7]', async (_, write) => {
  const job = await createVideo()
  const heard = receiver.posts('/ep').length
  const answer = await send(write(eventOf(job)))
  expect(answer.status).toBe(204)
  expect(await statusOf(job)).toBe('completed')
  const told = (await receiver.heard('/ep', heard + 1)).at(-1)
  expect(JSON.parse(told?.body ?? '')).toMatchObject({ event_data: { video_id: job } })
})

test('an event whose signature is of other bytes than those that came is refused [I3]', async () => {
  const job = await createVideo()
  const text = eventOf(job).replace('v.mp4', 'v-é.mp4')
  // What a reader makes of it when it decodes and encodes again.
  const latin1 = Buffer.from(text, 'latin1')
  const refused = await send(latin1, Buffer.from(latin1.toString('utf8')))
  expect([refused.status, await statusOf(job)]).toEqual([401, 'running'])
})
