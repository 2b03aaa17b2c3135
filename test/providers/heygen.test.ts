import { expect, test } from 'vitest'
import catalogue from '../../simulator/heygen/catalogue.json' with { type: 'json' }
import { heygen } from '#providers/heygen/index.ts'
import type { JobReport } from '#domain/slots/lease.ts'

interface Row {
  method: string
  host: string
  path: string
  kind: string
  ownerIdIn: { in: string; name: string }[]
  terminal: { done: unknown[]; failed: unknown[]; pending: unknown[] } | null
  requestExample: unknown
  responseExample: unknown
}

const ROWS = (catalogue as unknown as Row[]).filter((row) => row.method !== 'WSS')
const judge = (status: number, body: unknown, isJobCall = true) =>
  heygen.answers.judge({ status, headers: new Headers(), body, isJobCall, now: 1000 })

test('the table has every HTTP row of the catalogue, of the same kind, on the same host', () => {
  expect(heygen.routes.table).toHaveLength(254)
  for (const row of ROWS) {
    const route = heygen.routes.table.find(
      (one) => one.method === row.method && one.path === row.path
    )
    expect(route, `${row.method} ${row.path}`).toBeDefined()
    expect(route?.kind).toBe(row.kind)
    expect(route?.host).toBe(row.host.startsWith('upload') ? 'upload' : 'api')
    expect(route?.ids).toHaveLength(row.ownerIdIn.length)
  }
})

test('every path finds its own row', () => {
  for (const route of heygen.routes.table) {
    const path = route.path.replaceAll(/\{\w+\}/g, 'some-id')
    expect(heygen.routes.match(route.method, path)?.route.path).toBe(route.path)
  }
})

test('every creation is linked to a status row, or says that it has none [I1]', () => {
  for (const route of heygen.routes.table.filter((one) => one.kind === 'creates-job')) {
    expect(route.job, route.path).not.toBeUndefined()
    if (!route.job) continue
    const [path] = route.job.ask.replace('{id}', 'some-id').split('?')
    expect(heygen.routes.match('GET', path ?? '')?.route.reports?.watch, route.path).toBe(
      route.job.watch
    )
  }
  const without = heygen.routes.table.filter(
    (one) => one.kind === 'creates-job' && one.job === null
  )
  expect(without.map((route) => route.path).sort()).toEqual([
    '/v1/personalized_video/add_contact',
    '/v2/photo_avatar/add_sound_effect',
  ])
})

test('every documented creation answer names its jobs', () => {
  for (const row of ROWS.filter((one) => one.kind === 'creates-job')) {
    const match = heygen.routes.match(row.method, row.path.replaceAll(/\{\w+\}/g, 'some-id'))
    if (!match?.route.job) continue
    const starts = heygen.jobs.read(match, row.requestExample, row.responseExample)
    expect(starts.length, row.path).toBeGreaterThan(0)
    for (const start of starts) expect(start.ask).toContain(start.watch[0]?.split(':')[1])
  }
})

test('every end state of the catalogue ends a job, and no pending state does [I2]', () => {
  for (const row of ROWS.filter((one) => one.terminal && one.kind === 'job-status')) {
    const path = row.path.replaceAll(/\{\w+\}/g, 'some-id')
    const match = heygen.routes.match('GET', path)
    if (!match?.route.reports || match.route.reports.id.startsWith('answer:')) continue
    const query = new URLSearchParams(
      Object.fromEntries(row.ownerIdIn.map((ref) => [ref.name, 'some-id']))
    )
    const state = (word: unknown): JobReport['state'] | undefined =>
      heygen.jobs.readReports(match, query, { data: { status: word } })[0]?.state
    for (const word of row.terminal?.done ?? [])
      expect(state(word), `${path} ${word}`).toBe('completed')
    for (const word of row.terminal?.failed ?? [])
      expect(state(word), `${path} ${word}`).toBe('failed')
    for (const word of row.terminal?.pending ?? [])
      expect(['running', 'waiting']).toContain(state(word))
  }
})

test('an id unknown to a bulk status row is not taken for a failed job', () => {
  const match = heygen.routes.match('GET', '/v3/videos/statuses')
  const answer = {
    data: [
      { video_id: 'a', status: 'not_found' },
      { video_id: 'b', status: 'completed' },
    ],
  }
  expect(match && heygen.jobs.readReports(match, new URLSearchParams(), answer)).toEqual([
    { watch: 'video:b', state: 'completed', facts: { video_id: 'b', status: 'completed' } },
  ])
})

test('a creation in several languages takes a slot for each [I1]', () => {
  const match = heygen.routes.match('POST', '/v3/video-translations')
  const body = { output_languages: ['Spanish', 'French', 'German'] }
  expect(match && heygen.jobs.count(match, body)).toBe(3)
  expect(match && heygen.jobs.count(match, { output_languages: 'Spanish' })).toBe(1)
})

test('a look pack is as many jobs as its answer names; of a template two are known before [I1]', () => {
  const match = heygen.routes.match('POST', '/v3/avatars/looks')
  const answer = { data: { group_id: 'g', looks: [{ id: 'l1' }, { id: 'l2' }] } }
  expect(match && heygen.jobs.count(match, { type: 'template' })).toBe(2)
  expect(match && heygen.jobs.count(match, { type: 'look_pack' })).toBe(1)
  expect(match && heygen.jobs.read(match, {}, answer).map((start) => start.ask)).toEqual([
    '/v3/avatars/looks/l1',
    '/v3/avatars/looks/l2',
  ])
})

test('the ends of filler-word removals, podcasts and model videos are understood', () => {
  const told = (event_type: string, event_data: unknown) =>
    heygen.events?.read(JSON.stringify({ event_type, event_data }))?.reports
  expect(told('filler_word_removal.success', { filler_word_removal_id: 'f' })).toEqual([
    { watch: 'filler-word-removal:f', state: 'completed' },
  ])
  expect(told('podcast.fail', { podcast_id: 'p', message: 'x' })).toEqual([
    { watch: 'podcast:p', state: 'failed', detail: 'x' },
  ])
  expect(told('model_video.success', { video_id: 'v' })).toEqual([
    { watch: 'model-video:v', state: 'completed' },
  ])
})

test('several ids of one answer are one job', () => {
  const match = heygen.routes.match('POST', '/v3/avatars')
  const answer = { data: { avatar_group: { id: 'g' }, avatar_item: { id: 'l' } } }
  expect(match && heygen.jobs.read(match, {}, answer)).toEqual([
    { jobId: 'l', watch: ['avatar-look:l', 'avatar-group:g'], ask: '/v3/avatars/looks/l' },
  ])
})

test('a look that is made for a group which was there before does not end with the group [I1]', () => {
  const match = heygen.routes.match('POST', '/v3/avatars')
  const answer = { data: { avatar_group: { id: 'g' }, avatar_item: { id: 'l' } } }
  expect(match && heygen.jobs.read(match, { avatar_group_id: 'g' }, answer)).toEqual([
    { jobId: 'l', watch: ['avatar-look:l'], ask: '/v3/avatars/looks/l' },
  ])
})

test('refusals are told apart by what they mean for the account', () => {
  const v3 = (code: string) => ({ error: { code, message: '' } })
  expect(judge(200, { data: { video_id: 'v' } }).kind).toBe('ok')
  expect(judge(400, v3('invalid_parameter')).kind).toBe('caller')
  expect(judge(404, v3('not_found')).kind).toBe('caller')
  expect(judge(401, v3('unauthorized'))).toMatchObject({
    kind: 'doubt',
    doubt: 'key',
    order: { scope: 'all', reason: 'credential' },
  })
  expect(judge(402, v3('insufficient_credit'))).toMatchObject({
    kind: 'doubt',
    doubt: 'funds',
    order: { scope: 'jobs', reason: 'credit' },
  })
  expect(judge(402, v3('plan_upgrade_required')).kind).toBe('refused')
  expect(judge(403, v3('insufficient_api_key_scope'))).toMatchObject({
    kind: 'park',
    order: { scope: 'row', reason: 'scope' },
  })
  expect(judge(403, v3('resource_access_denied')).kind).toBe('caller')
  expect(judge(403, v3('resource_access_denied'), false).kind).toBe('refused')
  expect(judge(401, { code: 400599, message: '' }).kind).toBe('refused')
  expect(judge(401, { code: 400573, message: '' }).kind).toBe('caller')
  expect(judge(403, { code: 400631, message: '' })).toMatchObject({
    kind: 'doubt',
    doubt: 'key',
    order: { reason: 'blocked' },
  })
  expect(judge(429, { data: null, error: { code: 'trial_video_limit_exceeded' } })).toMatchObject({
    kind: 'park',
    order: { scope: 'meter:video' },
  })
  expect(judge(500, undefined).kind).toBe('unsure')
  expect(judge(503, v3('service_unavailable')).kind).toBe('unsure')
  expect(judge(400, { code: 10_007, message: 'Concurrent limit reached' }).kind).toBe('refused')
  expect(judge(200, { code: 400123, message: 'Exceed rate limit' }).kind).toBe('caller')
})

test('a 429 parks its row until Retry-After; that of a creation which counts in the concurrency all creations', () => {
  const headers = new Headers({ 'retry-after': '7' })
  const of = (method: string, path: string, isJobCall: boolean, body: unknown = {}) => {
    const match = heygen.routes.match(method, path)
    return heygen.answers.judge({ status: 429, headers, body, isJobCall, now: 1000, match })
  }
  const row = { scope: 'row', reason: 'busy', until: 8000 }
  expect(of('GET', '/v3/voices', false)).toMatchObject({ order: { ...row, wide: 'plain' } })
  expect(of('POST', '/v3/videos', true)).toMatchObject({ order: { ...row, scope: 'jobs' } })
  const speech = of('POST', '/v3/voices/speech', true)
  expect(speech).toMatchObject({ order: row })
  expect(speech).not.toHaveProperty('order.wide')
  const quota = { error: { code: 'quota_exceeded' } }
  expect(of('GET', '/v3/voices', false, quota)).toMatchObject({ order: { scope: 'plain' } })
  expect(of('POST', '/v3/videos', true, quota)).toMatchObject({ order: { scope: 'jobs' } })
  expect(of('POST', '/v3/voices/speech', true, quota)).toMatchObject({ order: row })
})

test('the code of streaming.new for an avatar that is not for streaming is no doubt of the key', () => {
  const of = (path: string) =>
    heygen.answers.judge({
      status: 401,
      headers: new Headers(),
      body: { code: 400112, message: 'Unauthorized' },
      isJobCall: true,
      now: 1000,
      match: heygen.routes.match('POST', path),
    }).kind
  expect(of('/v1/streaming.new')).toBe('caller')
  expect(of('/v1/video_agent/generate')).toBe('doubt')
})

test('a job that failed for want of credit makes its account’s funds doubted', () => {
  const match = heygen.routes.match('GET', '/v1/video_status.get')
  const answer = {
    code: 100,
    data: { status: 'failed', error: { code: 'MOVIO_PAYMENT_INSUFFICIENT_CREDIT', message: 'x' } },
  }
  const [report] =
    (match && heygen.jobs.readReports(match, new URLSearchParams('video_id=v'), answer)) ?? []
  expect(report && heygen.answers.suspectedFaultOf?.(report)).toMatchObject({
    doubt: 'funds',
    order: { scope: 'jobs', reason: 'credit' },
  })
})

test('only a received refusal with a code for it says that something named is not ready yet', () => {
  const says = (status: number, code: string) =>
    heygen.answers.saysNotReady?.({ status, body: { error: { code, message: 'x' } } })
  expect(says(409, 'resource_not_ready')).toBe(true)
  expect(says(400, 'brand_kit_not_ready')).toBe(true)
  expect(says(500, 'resource_not_ready')).toBe(false)
  expect(says(200, 'resource_not_ready')).toBe(false)
  expect(says(409, 'request_in_progress')).toBe(false)
  expect(says(400, 'avatar_not_usable')).toBe(false)
})
