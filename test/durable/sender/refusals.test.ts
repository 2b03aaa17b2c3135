/** What the provider says when it refuses a queued creation for good: it is told, and kept with the item for those who poll. */
import { expect, test } from 'vitest'
import { openRefusal } from '#flows/queue/refusal.ts'
import { heygen } from '#providers/heygen/index.ts'
import { happens, senderWorld } from '../../support/queue/sender-world.ts'

test('a refusal is told once, in the provider’s words, also if its report is lost [I3]', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  world.create = async () =>
    Response.json(
      { error: { code: 'invalid_parameter', message: 'the script is too long' } },
      { status: 400 }
    )
  world.onReport = async () => {
    throw new Error('lost')
  }
  await world.work()
  await happens('it is told', () => world.told.length === 1)
  expect(world.told[0]?.body).toMatchObject({
    event_type: 'avatar_video.fail',
    event_data: {
      video_id: item.replaceAll('-', ''),
      msg: 'the script is too long',
      callback_id: item,
    },
  })
  expect(world.stateOf(item)).toBe('chosen')
  world.onReport = async () => {}
  world.restart()
  await world.work('k1', true)
  await world.becomes(item, 'ended')
  expect(world.sent).toHaveLength(1)
  expect(world.told).toHaveLength(1)
})

test('a refusal whose report was lost is there in full after a restart, until the desk has it', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  const said = { error: { code: 'content_policy_violation', message: 'no', param: 'script' } }
  world.create = async () => Response.json(said, { status: 400 })
  world.onReport = async () => {
    throw new Error('lost')
  }
  await world.work()
  await happens('it is told', () => world.told.length === 1)
  const { tables } = world.restart()
  const [end] = tables.listJobs({ tenant: 't', state: 'ended', limit: 9 }).jobs
  const kept = () => tables.refusalOf(end?.lease.requestId ?? '')
  expect(kept()).not.toContain('content_policy')
  expect(kept()).toBeTruthy()
  world.onReport = async () => {}
  await world.work('k1', true)
  await world.becomes(item, 'ended')
  const [{ refusal = '' } = {}] = await world.line.itemsOf([item])
  const opened = await openRefusal(world, heygen, 't', refusal)
  expect(opened).toMatchObject({ status: 400, body: JSON.stringify(said) })
  expect(kept()).toBeUndefined()
})

test('what the provider said is kept with the item, sealed [I6]', async () => {
  const world = await senderWorld()
  await world.enqueue(1)
  const refusal = { error: { code: 'invalid_parameter', message: 'no such avatar: secret' } }
  world.create = async () => Response.json(refusal, { status: 400 })
  await world.work()
  await happens('it is over', () => world.reported.length === 1)
  const [report] = world.reported
  const sealed = report?.kind === 'over' ? (report.refusal ?? '') : ''
  expect(sealed).not.toContain('secret')
  const opened = await openRefusal(world, heygen, 't', sealed)
  expect(opened).toMatchObject({ status: 400, message: 'no such avatar: secret' })
  expect(JSON.parse(opened?.body ?? '')).toEqual(refusal)
})

test('an item that only one account may serve ends with that account’s refusal', async () => {
  const world = await senderWorld()
  const lane = { lane: 'k1@example.com', laneSince: 7 }
  const [item = ''] = await world.enqueue(1, lane)
  const refusal = { error: { code: 'resource_limit_reached', message: 'too many voices' } }
  world.create = async () => Response.json(refusal, { status: 400 })
  await world.work()
  await world.becomes(item, 'ended')
  await happens('it is told', () => world.told.length === 1)
  expect(world.told[0]?.body.event_data).toMatchObject({ msg: 'too many voices' })
})
