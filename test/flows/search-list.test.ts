/** What a provider's list is believed, and that nothing is written over what changed while it was read. */
import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import type { Account } from '#domain/accounts/account.ts'
import type { Change, Lease } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import {
  newSearchMemory,
  type ReconcileContext,
  type ReconciledAccount,
} from '#flows/jobs/status-checks.ts'
import { findLostCreations } from '#flows/jobs/find-lost-creations.ts'
import { heygen } from '#providers/heygen/index.ts'
import { kling } from '#providers/kling/index.ts'
import type { Provider } from '#providers/contract/provider.ts'

const NOW = 1_800_000_000_000
const WAITS = durationsAt(1)
const LATE = NOW + 10 * 60_000

function lost(id: string, more: Partial<Lease> = {}): Lease {
  return {
    id,
    requestId: id,
    tenant: 't',
    kind: 'job',
    state: 'unbound',
    route: 'POST /v3/lipsyncs',
    acquiredAt: NOW,
    lostAt: NOW + 1000,
    watch: [],
    nextAt: NOW,
    asks: 0,
    misses: 0,
    lastReportAt: NOW,
    fingerprint: {},
    isTracked: true,
    ...more,
  }
}

type Upstream = (path: string) => { status?: number; body: unknown }

interface World {
  context: ReconcileContext
  leases(): Lease[]
  ends: string[]
  asked: string[]
  /** The moment that the ports tell. */
  now: { at: number }
}

function world(
  held: Lease[],
  upstream: Upstream,
  {
    provider = heygen,
    learn = async () => {},
  }: { provider?: Provider; learn?: () => Promise<void> } = {}
): World {
  let leases = held
  const ends: string[] = []
  const asked: string[] = []
  const now = { at: LATE }
  const apply = (change: Change) => {
    for (const { lease, outcome } of change.ended) ends.push(`${lease.id} ${outcome.status}`)
    const changed = [...change.put, ...change.ended.map((end) => end.lease)].map((one) => one.id)
    const gone = new Set([...change.drop, ...changed])
    leases = [...leases.filter((one) => !gone.has(one.id)), ...change.put]
    return true
  }
  const desk: ReconciledAccount = {
    account: { tenant: 't', email: 'a@example.com', key: 'k' } as Account,
    leases: () => leases,
    knows: (id) => leases.some((one) => one.jobId === id && one.state !== 'suspect'),
    knownOf: (ids) => new Set(ids.filter((id) => desk.knows(id))),
    apply,
    settle: () => true,
    blame: async () => {},
    ended: () => [],
    bind: (requestId, starts) => {
      ends.push(`${requestId} bound to ${starts[0]?.jobId}`)
    },
    memory: newSearchMemory(),
  }
  const ports = {
    ...platform,
    now: () => now.at,
    durations: WAITS,
    settings: { heygenOrigin: 'https://api.example.com', klingOrigin: 'https://api.example.com' },
    log: () => {},
    desk: () => ({ madeBy: async () => undefined, learn }),
    fetch: async (url: string) => {
      const path = url.replace('https://api.example.com', '')
      asked.push(path)
      const { status = 200, body } = upstream(path)
      return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status })
    },
  } as unknown as Ports
  const credential = { kind: 'apiKey', secrets: { apiKey: 'k' } }
  const open = { credential, session: undefined } as unknown as ReconcileContext['open']
  return { context: { ports, provider, desk, open }, leases: () => leases, ends, asked, now }
}

/** Two whole searches that count, far enough apart. */
async function searchTwice({ context, leases, now }: World): Promise<void> {
  await findLostCreations(context, leases())
  now.at += WAITS.lookAgainMs
  await findLostCreations(context, leases())
}

const rowOf = (id: string, more: object = {}) => ({
  id,
  status: 'processing',
  created_at: NOW / 1000,
  ...more,
})

test('a creation that was bound while another was being written down stays bound', async () => {
  const one = lost('one', { fingerprint: { callbackId: 'c1' } })
  const other = lost('other')
  const list = { data: [rowOf('job-1', { callback_id: 'c1' })], has_more: false, next_token: null }
  const here = world([one, other], () => ({ body: list }), {
    learn: async () => {
      const mine = here.leases().find((lease) => lease.id === 'other') ?? other
      const bound: Lease = { ...mine, state: 'running', jobId: 'job-2', watch: ['lipsync:job-2'] }
      here.context.desk.apply({ put: [bound], drop: [], ended: [] })
    },
  })
  await findLostCreations(here.context, here.leases())
  const states = here.leases().map(({ id, state, jobId }) => `${id} ${state} ${jobId}`)
  expect(states.toSorted()).toEqual(['one running job-1', 'other running job-2'])
})

const WHOLE = { has_more: false, next_token: null }

test('the job of a tenant that had the account before is not told to the desk of the present one [I5]', async () => {
  const learnt: unknown[] = []
  const list = { data: [rowOf('job-1', { callback_id: 'c1' })], has_more: false, next_token: null }
  for (const tenant of ['before', 't']) {
    const one = lost('one', { tenant, fingerprint: { callbackId: 'c1' } })
    const learn = async () => void learnt.push(tenant)
    const here = world([one], () => ({ body: list }), { learn })
    await findLostCreations(here.context, here.leases())
    expect(here.leases().map(({ state }) => state)).toEqual(['running'])
  }
  expect(learnt).toEqual(['t'])
})

test.each([
  ['says that there is more and not where', { data: [], has_more: true, next_token: null }],
  ['has a row without an id', { data: [{ lipsync: 'x', status: 'processing' }], ...WHOLE }],
  ['is an error in a 200', { error: { code: 'internal_error' }, data: [], ...WHOLE }],
])('a list that %s proves nothing [I1]', async (_, body) => {
  const here = world([lost('a')], () => ({ body }))
  await searchTwice(here)
  expect(here.ends).toEqual([])
})

test('a list that is read to its end and has no such row says so the second time', async () => {
  const here = world([lost('a')], () => ({ body: { data: [], ...WHOLE } }))
  await searchTwice(here)
  expect(here.ends).toEqual(['a absent'])
})

test("Kling's error in a 200 does not say that there is no such task", async () => {
  const named = lost('a', { route: 'POST /image-to-video', fingerprint: { callbackId: 'mine' } })
  const body = { code: 5001, message: 'busy', data: [] }
  const here = world([named], () => ({ body }), { provider: kling })
  await searchTwice(here)
  expect([here.ends, here.asked.length]).toEqual([[], 2])
})

test('a search that cannot go on where it stopped begins again', async () => {
  let isForgotten = false
  const here = world([lost('a')], (path) => {
    const page = Number(/[?&]token=(\d+)/.exec(path)?.[1] ?? 0)
    if (isForgotten && page > 0) return { status: 400, body: { error: { code: 'bad_token' } } }
    if (isForgotten) return { body: { data: [rowOf('late', { status: 'completed' })], ...WHOLE } }
    const data = [rowOf(`job-${page}`, { status: page === 0 ? 'processing' : 'completed' })]
    return { body: { data, has_more: true, next_token: String(page + 1) } }
  })
  await findLostCreations(here.context, here.leases())
  expect(here.leases()[0]).toMatchObject({ state: 'suspect', jobId: 'job-0' })
  isForgotten = true
  for (let looks = 0; looks < 5; looks += 1) {
    here.now.at += WAITS.lookAgainMs
    await findLostCreations(here.context, here.leases())
  }
  expect(here.ends).toEqual(['a outcome_unknown'])
})

test('a row that stands on two pages is one row', async () => {
  const mine = lost('a', { fingerprint: { callbackId: 'c1' } })
  const data = [rowOf('job-1', { callback_id: 'c1' })]
  const here = world([mine], (path) => ({
    body: path.includes('token=') ? { data, ...WHOLE } : { data, has_more: true, next_token: '2' },
  }))
  await findLostCreations(here.context, here.leases())
  expect(here.leases()[0]).toMatchObject({ state: 'running', jobId: 'job-1', isFound: true })
})

test('a row of which nobody knows whether it runs holds a slot for 48 hours, not for ever [I2]', async () => {
  const data = [{ id: 'x', status: 'resting' }]
  const here = world([lost('a')], (path) =>
    path.startsWith('/v3/lipsyncs/') ? { status: 500, body: '' } : { body: { data, ...WHOLE } }
  )
  await findLostCreations(here.context, here.leases())
  expect(here.leases()[0]).toMatchObject({ state: 'suspect', jobId: 'x', lastReportAt: NOW })
})

test('a key is asked under again after an outage, however often its client came back meanwhile', async () => {
  let isOut = true
  const keyed = lost('a', { route: 'POST /v3/videos', upstreamKey: 'name' })
  const here = world([keyed], (path) => {
    if (isOut) return { status: 503, body: '' }
    return { body: path === '/v3/videos' ? { data: { video_id: 'v1' } } : { data: [], ...WHOLE } }
  })
  for (let looks = 0; looks < 10; looks += 1)
    await findLostCreations(here.context, here.leases(), true)
  isOut = false
  await findLostCreations(here.context, here.leases())
  expect(here.ends).toEqual(['a bound to v1'])
})

test('a key under which six answers said nothing is asked under no more', async () => {
  const keyed = lost('a', { route: 'POST /v3/videos', upstreamKey: 'name' })
  const refused = { status: 400, body: { error: { code: 'invalid_parameter' } } }
  const here = world([keyed], (path) =>
    path === '/v3/videos' ? refused : { status: 503, body: '' }
  )
  for (let looks = 0; looks < 10; looks += 1) await findLostCreations(here.context, here.leases())
  expect(here.asked.filter((path) => path === '/v3/videos')).toHaveLength(6)
})

test('a list that answers slowly is left for a while, and read on from there', async () => {
  const here = world([lost('a')], (path) => {
    here.now.at += 15_000
    const page = Number(/[?&]token=(\d+)/.exec(path)?.[1] ?? 0)
    const data = [rowOf(`job-${page}`, { status: 'completed' })]
    return { body: { data, has_more: true, next_token: String(page + 1) } }
  })
  await findLostCreations(here.context, here.leases())
  const first = here.asked.length
  await findLostCreations(here.context, here.leases())
  expect(first).toBeLessThanOrEqual(4)
  expect(here.asked[first]).toContain(`token=${first}`)
})
