/** What a client is told of a job's end. */
import { expect, test } from 'vitest'
import type { EndedJob, Lease } from '#domain/slots/lease.ts'
import { announce } from '#flows/events/announce.ts'
import { getProvider } from '#providers/index.ts'

const SUSPECT: Lease = {
  id: 'r1',
  requestId: 'r1',
  tenant: 't',
  kind: 'job',
  state: 'suspect',
  route: 'POST /v3/videos',
  acquiredAt: 1000,
  jobId: 'somebody-elses',
  watch: ['video:somebody-elses'],
  nextAt: 2000,
  asks: 0,
  misses: 0,
  lastReportAt: 1000,
  fingerprint: {},
  isTracked: true,
  reply: { url: 'https://client.example.com/cb' },
}

test('a job that is only likely the client’s own is not named to it, not even when its account is given up', () => {
  const end = { lease: SUSPECT, endedAt: 3000, outcome: { status: 'lost' } } as const
  const told = announce(getProvider('heygen'), end)
  expect(told?.event.body).toBeDefined()
  expect(JSON.stringify(told)).not.toContain('somebody-elses')
  expect(told?.isCallbackOnly).toBe(true)
})

test('that a creation was not found has another id than the end of the job that the same request made elsewhere', () => {
  const provider = getProvider('heygen')
  const found: Lease = { ...SUSPECT, state: 'running', jobId: 'v1', watch: ['video:v1'] }
  const idOf = (lease: Lease, status: 'absent' | 'outcome_unknown' | 'completed') =>
    announce(provider, { lease, endedAt: 3000, outcome: { status } })?.event.id
  const ids = [
    idOf({ ...SUSPECT, state: 'unbound' }, 'absent'),
    idOf(SUSPECT, 'outcome_unknown'),
    idOf(found, 'completed'),
  ]
  expect(ids).not.toContain(undefined)
  expect(new Set(ids).size).toBe(3)
})

const HEYGEN_NAME = '0199f3a07c2b7000a1b2c3d4e5f60718'
const QUEUED: Lease = {
  ...SUSPECT,
  state: 'running',
  jobId: 'real-1',
  watch: ['video:real-1'],
  item: { id: 'i1', names: [HEYGEN_NAME], askedAt: 500, absents: 0 },
}

function heardFrom(body: object | string, lease = QUEUED): EndedJob {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const event = { id: 'evt_1', type: 'avatar_video.success', body: text, mentions: ['real-1'] }
  const heard = { watch: lease.watch[0] ?? '', state: 'completed', event } as const
  return { lease, endedAt: 3000, outcome: { status: 'completed' }, heard }
}

test('an event shows the name and not the real id', () => {
  const body = {
    event_type: 'avatar_video.success',
    event_data: { video_id: 'real-1', url: 'https://files.example.com/real-1.mp4' },
  }
  const told = announce(getProvider('heygen'), heardFrom(body))
  expect(JSON.parse(told?.event.body ?? '')).toEqual({
    ...body,
    event_data: { ...body.event_data, video_id: HEYGEN_NAME },
  })
  expect(told?.lease?.jobId).toBe(HEYGEN_NAME)
  expect(told?.mentions).toEqual(expect.arrayContaining([HEYGEN_NAME, 'real-1']))
})

test('what stands beside a name in an event keeps its bytes, a 64-bit number too [I7]', () => {
  const before = '{"event_type" : "avatar_video.success","event_data":{"n":9007199254740993,'
  const told = announce(getProvider('heygen'), heardFrom(`${before} "video_id":"real-1"}}`))
  expect(told?.event.body).toBe(`${before} "video_id":"${HEYGEN_NAME}"}}`)
})

test('an event that the gateway builds shows the name', () => {
  const told = announce(getProvider('heygen'), {
    lease: QUEUED,
    endedAt: 3000,
    outcome: { status: 'completed' },
  })
  expect(JSON.parse(told?.event.body ?? '')).toMatchObject({
    event_type: 'avatar_video.success',
    event_data: { video_id: HEYGEN_NAME },
  })
  expect(told?.event.body).not.toContain('real-1')
})

test('a task of Kling is shown under its name, at the callback in the other form too', () => {
  const name = '8176443200000000123'
  const lease: Lease = {
    ...QUEUED,
    route: 'POST /v1/videos/text2video',
    jobId: '812345678901234567',
    watch: ['task:812345678901234567'],
    ask: '/v1/videos/text2video/812345678901234567',
    reply: { url: 'https://client.example.com/cb', form: 'task' },
    item: { id: 'i1', names: [name], askedAt: 500, absents: 0 },
  }
  const task = { task_id: '812345678901234567', task_status: 'succeed', created_at: 1 }
  const told = announce(getProvider('kling'), heardFrom(task, lease))
  expect(JSON.parse(told?.event.body ?? '')).toEqual({ ...task, task_id: name })
  expect(told?.replyBody).toContain(name)
  expect(told?.replyBody).not.toContain('"812345678901234567"')
})

const NEVER_RAN: Lease = { ...QUEUED, state: 'unbound', watch: [] }
delete NEVER_RAN.jobId

test('the first absent of an item is told to nobody, and the second one is', () => {
  const provider = getProvider('heygen')
  const end = { lease: NEVER_RAN, endedAt: 3000, outcome: { status: 'absent' } } as const
  expect(announce(provider, end)).toBeUndefined()
  const again = { ...NEVER_RAN, item: { id: 'i1', names: [HEYGEN_NAME], askedAt: 5, absents: 1 } }
  const told = announce(provider, { ...end, lease: again })
  expect(JSON.parse(told?.event.body ?? '')).toMatchObject({
    event_type: 'avatar_video.fail',
    event_data: { video_id: HEYGEN_NAME, msg: 'this job never reached the provider' },
  })
  expect(told?.isCallbackOnly).toBeUndefined()
})

test('after an unknown outcome of an item its name is told, and no job that may be somebody else’s', () => {
  const lease: Lease = { ...QUEUED, state: 'suspect', jobId: 'other', watch: ['video:other'] }
  const end = { lease, endedAt: 3000, outcome: { status: 'outcome_unknown' } } as const
  const told = announce(getProvider('heygen'), end)
  expect(told?.event.body).toContain(HEYGEN_NAME)
  expect(JSON.stringify(told)).not.toContain('other"')
  expect(told?.mentions).toEqual([HEYGEN_NAME])
})

test('an end without a start is a failure in the provider’s words, under the name', () => {
  const told = announce(getProvider('heygen'), {
    lease: NEVER_RAN,
    endedAt: 3000,
    outcome: { status: 'failed', detail: 'it was cancelled', isUnstarted: true },
  })
  expect(JSON.parse(told?.event.body ?? '')).toMatchObject({
    event_type: 'avatar_video.fail',
    event_data: { video_id: HEYGEN_NAME, msg: 'it was cancelled' },
  })
})

test('the end of a queued job is told under its name, also where its event was passed on before the job was found [I3]', () => {
  const event = { event_type: 'avatar_video.success', event_data: { video_id: 'real-1' } }
  const told = announce(getProvider('heygen'), heardFrom(event), 'evt_passed_on')
  expect(told?.isCallbackOnly).toBeUndefined()
  expect(told?.eventId).not.toBe('evt_passed_on')
  expect(told?.event.body).toContain(HEYGEN_NAME)
})
