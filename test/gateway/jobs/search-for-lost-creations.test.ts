/** Creations whose answer was lost, on a HeyGen that is no help: what is looked for, how long, and what is concluded. */
import { afterAll, expect, test } from 'vitest'
import { testFull } from '../../support/full.ts'
import { until } from '../../support/gateway.ts'
import { addEndpoint } from '../../support/scenes/hooked.ts'
import { MINUTE, pass, SECOND, untilMoved } from '../../support/clock/clock.ts'
import { Receiver } from '../../support/receiver.ts'
import { kindAt, kindNamed } from '../../support/witness/witness-kinds.ts'
import { create, openWitnessed, viewOf } from '../../support/witness/witness-gateway.ts'
import type { Witness } from '../../support/witness/witness.ts'
import type { Call, TimeForm } from '../../support/witness/witness-types.ts'

/** One account for each test: they share a gateway, a witness and a clock. */
const NAMES = [
  'sixty',
  'many',
  'twin',
  'zero',
  'local',
  'ahead',
  'thief',
  'later',
  'soon',
  'crowded',
  'unsaid',
  'silent',
]
const shared = await openWitnessed({
  accounts: Object.fromEntries(NAMES.map((name) => [name, 2])),
  witness: { keys: 'ignores' },
})
const { gateway, witness } = shared
const receiver = await Receiver.open()
await addEndpoint(gateway, `${receiver.url}/all`)
afterAll(async () => {
  await shared.close()
  await receiver.close()
})

const at = (name: string) => ({ 'x-gateway-account': `${name}@example.com` })

async function lost(name: string, kind: string, mark: string, more: Record<string, unknown> = {}) {
  witness.fault({ isCreation: true, mark }, { reset: 'after' })
  const answer = await create(gateway, kind, mark, more, at(name))
  const [job] = witness.marked(mark)
  if (!job) throw new Error(`${mark} did not reach the witness: ${await answer.text()}`)
  return { job, requestId: answer.headers.get('x-request-id') ?? '', answer }
}

/** Fills the account up, as far as it lets itself be filled. */
async function fill(name: string): Promise<void> {
  await create(gateway, 'video', `mark-fill-${name}-${witness.calls.length}`, {}, at(name))
}

/** While its job runs nothing else may be said of it, and its slot is not given to another. */
async function staysHeld(name: string, requestId: string, ms = 13 * MINUTE): Promise<void> {
  await pass(gateway, ms, {
    stepMs: MINUTE,
    each: async () => {
      const { status } = await viewOf(gateway, requestId)
      expect(['outcome_unknown', 'running']).toContain(status)
      await fill(name)
    },
  })
  expect(witness.account(name).maxInFlight).toBeLessThanOrEqual(2)
  expect((await viewOf(gateway, requestId)).status_final).toBe(false)
}

/** Once everything of the account is over, its slots are there again. */
async function comesBack(name: string): Promise<void> {
  for (const job of witness.running.filter((one) => one.account.startsWith(`${name}@`)))
    witness.end(job)
  await untilMoved(gateway, async () => {
    const answer = await gateway.fetch('/v1/heygen/scheduler/available')
    const { available } = (await answer.json()) as {
      available: { email: string; executing: number }[]
    }
    return available.find((one) => one.email.startsWith(`${name}@`))?.executing === 0
  })
}

test('a lost creation with sixty newer rows is found by its callback id, however many pages that takes [I1]', async () => {
  const more = { callback_id: 'own-sixty', callback_url: `${receiver.url}/sixty` }
  const { job, requestId } = await lost('sixty', 'lipsync', 'mark-sixty', more)
  witness.addForeign('sixty', 'lipsync', 60)
  await untilMoved(gateway, async () => (await viewOf(gateway, requestId)).jobid === job.id)
  await staysHeld('sixty', requestId, 5 * MINUTE)
  witness.end(job)
  await untilMoved(gateway, async () => receiver.posts('/sixty').length > 0)
  expect(JSON.parse(receiver.posts('/sixty')[0]?.body ?? '')).toMatchObject({
    event_type: 'lipsync.success',
  })
  await comesBack('sixty')
})

// Of its kind in `npm test`: this file: a row with another’s callback id
testFull(
  'a lost creation without a name keeps its slot while its job runs behind a hundred and fifty newer rows [I1]',
  async () => {
    const { requestId } = await lost('many', 'video', 'mark-many', {
      callback_id: 'own-many',
      callback_url: `${receiver.url}/many`,
    })
    witness.addForeign('many', 'video', 150)
    await staysHeld('many', requestId)
    await comesBack('many')
    const told = receiver.posts('/many').map(({ body }) => body)
    expect(told.filter((body) => body.includes('never reached'))).toEqual([])
  }
)

test('of two rows that may be a lost creation’s the one that is over does not free its slot [I1]', async () => {
  witness.addForeign('twin', 'video', 1, { title: 'Demo' })
  const { requestId } = await lost('twin', 'video', 'mark-twin')
  witness.addForeign('twin', 'video', 1, { title: 'Demo' })
  await staysHeld('twin', requestId)
  await comesBack('twin')
})

/** One of them in `npm test`. More: search-for-lost-creations.full.test.ts. */
const TIMES: [string, { times?: TimeForm; skewMs?: number }][] = [
  ['zero', { times: 'zero' }],
  ['local', { times: 'local' }],
  ['ahead', { skewMs: 30 * SECOND }],
]

for (const [name, clock] of TIMES) {
  const add = name === 'zero' ? test : testFull
  add(
    `a lost creation keeps its slot while its job runs where the rows’ times are ${name}`,
    async () => {
      Object.assign(witness.account(name), clock)
      const { requestId } = await lost(name, 'video', `mark-${name}`)
      await staysHeld(name, requestId)
      await comesBack(name)
    }
  )
}

test('a row with another’s callback id is the other’s, whoever looks first [I1]', async () => {
  const { path } = kindNamed('translation')
  const account = 'thief'
  witness.fault({ isCreation: true, mark: 'mark-thief-a' }, { reset: 'before' })
  const first = await create(gateway, 'translation', 'mark-thief-a', {}, at(account))
  witness.fault({ method: 'GET', path, account }, { status: 500 }, { times: Infinity })
  await pass(gateway, 5.5 * MINUTE)
  const { job, requestId } = await lost(account, 'translation', 'mark-thief-b', {
    callback_id: 'own-thief',
    callback_url: `${receiver.url}/thief`,
  })
  await pass(gateway, 2.5 * MINUTE)
  witness.clearFaults()
  await untilMoved(gateway, async () => (await viewOf(gateway, requestId)).jobid === job.id)
  const other = first.headers.get('x-request-id') ?? ''
  await untilMoved(gateway, async () => (await viewOf(gateway, other)).status === 'absent')
  expect(await viewOf(gateway, requestId)).toMatchObject({ status: 'running', jobid: job.id })
  witness.end(job)
  await untilMoved(gateway, async () => receiver.posts('/thief').length > 0)
  expect(receiver.posts('/thief')[0]?.body).toContain('video_translate.success')
  await comesBack(account)
})

/** The account's HeyGen knows keys, but takes no question under one. */
function failUnderKeys(account: string): void {
  Object.assign(witness.account(account), { keys: 'first' })
  const { path } = kindNamed('video')
  const asked = { method: 'POST', path, account, isCreation: false }
  witness.fault(asked, { status: 503 }, { times: Infinity })
}

test('while HeyGen cannot answer under a creation’s key, no list ends the search: its job is found and told [I3]', async () => {
  const account = 'unsaid'
  failUnderKeys(account)
  const more = { callback_url: `${receiver.url}/unsaid` }
  const { job, requestId } = await lost(account, 'video', 'mark-unsaid', more)
  // Its row is over, and has no name of the creation's.
  witness.end(job, 'completed', { isTold: false })
  await pass(gateway, 4 * MINUTE)
  expect((await viewOf(gateway, requestId)).status_final).toBe(false)
  witness.clearFaults()
  await untilMoved(gateway, async () => receiver.posts('/unsaid').length > 0)
  expect(receiver.posts('/unsaid')[0]?.body).toContain(job.id)
  expect(await viewOf(gateway, requestId)).toMatchObject({ status: 'completed', jobid: job.id })
})

test('a creation under whose key HeyGen never answers is given up after some minutes, by its list alone [I2]', async () => {
  const account = 'silent'
  failUnderKeys(account)
  const { job, requestId } = await lost(account, 'video', 'mark-silent')
  witness.end(job, 'completed', { isTold: false })
  const isOver = async () => (await viewOf(gateway, requestId)).status_final === true
  await untilMoved(gateway, isOver, 12 * MINUTE)
  expect(await viewOf(gateway, requestId)).toMatchObject({ status: 'outcome_unknown' })
  witness.clearFaults()
  await comesBack(account)
})

test('a row that was made six minutes after a creation was given up is not taken for it [I2]', async () => {
  const path = kindNamed('video').path
  witness.fault({ isCreation: true, mark: 'mark-later' }, { reset: 'before' })
  const answer = await create(gateway, 'video', 'mark-later', {}, at('later'))
  witness.fault({ method: 'GET', path, account: 'later' }, { status: 500 }, { times: Infinity })
  await pass(gateway, 7.5 * MINUTE)
  witness.addForeign('later', 'video', 1, { title: 'Demo', isRunning: true })
  witness.clearFaults()
  const id = answer.headers.get('x-request-id') ?? ''
  await untilMoved(
    gateway,
    async () => (await viewOf(gateway, id)).status === 'absent',
    15 * MINUTE
  )
})

/** When the gateway asked for this account's lost creations: its list, or the creation's own key. */
function looksOf(from: Witness, name: string, since: number): number[] {
  const isLook = ({ method, path, body }: Call) =>
    kindAt(path) !== undefined && (method === 'GET' || !body.includes('mark-'))
  const mine = from.calls.filter((call) => call.account === `${name}@example.com` && isLook(call))
  return mine.map(({ at: when }) => when).filter((when) => when >= since)
}

/** The longest time without a look. */
function longestGap(since: number, looks: number[], until: number): number {
  const times = [since, ...looks, until]
  return Math.max(...times.slice(1).map((when, index) => when - (times[index] ?? 0)))
}

const LOOKS_EVERY = 2 * MINUTE + 15 * SECOND

test('a lost creation is looked for within seconds, and at least every two minutes while the list cannot be read [I2]', async () => {
  const since = witness.now()
  const { path } = kindNamed('video')
  witness.fault({ method: 'GET', path, account: 'soon' }, { status: 503 }, { times: Infinity })
  await lost('soon', 'video', 'mark-soon', { callback_url: `${receiver.url}/soon` })
  await pass(gateway, 10 * SECOND, { stepMs: SECOND })
  expect(looksOf(witness, 'soon', since).length).toBeGreaterThan(0)
  await pass(gateway, 15 * MINUTE)
  const looks = looksOf(witness, 'soon', since)
  expect(longestGap(since, looks, witness.now())).toBeLessThanOrEqual(LOOKS_EVERY)
  witness.clearFaults()
  await comesBack('soon')
})

// Of its kind in `npm test`: this file: of two rows that may be a lost creation’s
testFull(
  'a lost creation’s slot comes back soon after its job is over, however many other creations are young [I2]',
  async () => {
    const url = `${receiver.url}/crowded`
    const { job, requestId } = await lost('crowded', 'video', 'mark-crowded', { callback_url: url })
    const overAt: number[] = []
    for (let n = 0; n < 10; n += 1) {
      const held = Promise.withResolvers<void>()
      const mark = `mark-young-${n}`
      witness.fault({ isCreation: true, mark }, { held: held.promise, status: 400 })
      const young = create(gateway, 'video', mark, {}, at('crowded'))
      await until(async () => witness.calls.some(({ body }) => body.includes(mark)))
      await pass(gateway, MINUTE)
      if (n === 2) witness.end(job, 'completed', { isTold: false })
      held.resolve()
      await young
      if ((await viewOf(gateway, requestId)).status_final) overAt.push(n)
    }
    // Its job was over after three minutes.
    expect(overAt[0]).toBeLessThanOrEqual(8)
    expect((await viewOf(gateway, requestId)).status).toBe('outcome_unknown')
  }
)
