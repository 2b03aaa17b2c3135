/** The tools of `/mcp`, knocked on from outside. */
import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { openGateway, VIDEO, type Gateway } from '../../support/gateway.ts'
import { call, failure, request, send } from './agent.ts'

const shared = await openGateway({ timeScale: 10 })
afterAll(() => shared.dispose())

const { avatar_id, voice_id, script } = VIDEO
const WANTED = { avatar_id, voice_id, script }
let tenants = 0

/** A tenant of its own with an account. */
async function tenant(maxJobs = 2): Promise<{ gateway: Gateway; name: string; email: string }> {
  tenants += 1
  const made = await shared.newToken({ tenant: `agents-${tenants}` })
  const gateway = shared.as(made.token)
  const email = await gateway.addAccount(`agents-${tenants}`, maxJobs)
  return { gateway, name: made.tenant, email }
}

async function started(gateway: Gateway, email: string): Promise<number> {
  return (await gateway.sim.account(email)).jobsStarted
}

test('make_video repeated under its idempotency key makes one video and gives the same job [I4]', async () => {
  const { gateway, email } = await tenant()
  const asked = { ...WANTED, idempotency_key: 'agent-key-1' }
  const [one, two] = [
    await call(gateway, 'make_video', asked),
    await call(gateway, 'make_video', asked),
  ]
  expect(two.structuredContent['job_id']).toBe(one.structuredContent['job_id'])
  expect(await started(gateway, email)).toBe(1)
  const found = await call(gateway, 'get_job', { job_id: 'key:agent-key-1' })
  expect(found.structuredContent['job_id']).toBe(one.structuredContent['job_id'])
})

test('make_video whose answer is lost says that it may have started, and a repeat starts no second one [I4]', async () => {
  const { gateway, email } = await tenant()
  const match = { method: 'POST', path: '/v3/videos' }
  await gateway.sim.fault({ match, times: 1, effect: { reset: 'after' } })
  const asked = { ...WANTED, idempotency_key: 'agent-key-2' }
  const first = await call(gateway, 'make_video', asked)
  const again = await call(gateway, 'make_video', asked)
  await gateway.sim.clearFaults()
  for (const { isError, content, structuredContent } of [first, again]) {
    if (isError) expect(content[0].text).toMatch(/outcome_unknown.*Do not start it again/s)
    else expect(structuredContent['job_id']).toMatch(/^\w+$/)
  }
  expect(await started(gateway, email)).toBe(1)
})

test('an idempotency_key of a wrong form starts nothing, and the agent reads what is wrong [I4]', async () => {
  const { gateway, email } = await tenant()
  for (const key of ['vidéo 1', 'видео', 'two\nlines', ' '])
    expect(await failure(gateway, 'make_video', { ...WANTED, idempotency_key: key })).toMatch(
      /idempotency.key/i
    )
  expect(await started(gateway, email)).toBe(0)
})

test('make_video on a full pool starts nothing, and says what to do [I1]', async () => {
  const { gateway, email } = await tenant(1)
  await call(gateway, 'make_video', WANTED)
  expect(await failure(gateway, 'make_video', WANTED)).toMatch(
    /^slots_full: .*Nothing was started/s
  )
  expect(await started(gateway, email)).toBe(1)
  expect((await call(gateway, 'pool_health')).structuredContent).toMatchObject({
    state: 'full',
    free: 0,
  })
})

test('a job of another tenant is not found by any tool [I5]', async () => {
  const { gateway: owner } = await tenant()
  const { gateway: other } = await tenant()
  const { job_id, request_id } = (await call(owner, 'make_video', WANTED)).structuredContent
  for (const id of [job_id, request_id]) {
    for (const name of ['get_job', 'wait_for_job', 'stop_tracking', 'free_slot'])
      expect(await failure(other, name, { job_id: id })).toMatch(/^not_found: /)
  }
  expect((await call(other, 'list_jobs')).structuredContent['jobs']).toEqual([])
  expect((await call(owner, 'get_job', { job_id })).structuredContent['status']).toBe('running')
})

test('no tool shows a secret of an account, of a token or of the gateway [I6]', async () => {
  const { gateway, email } = await tenant()
  const { job_id } = (await call(gateway, 'make_video', WANTED)).structuredContent
  await gateway.sim.finishJobs()
  const said = [
    await send(gateway, request('tools/list')),
    ...(await Promise.all([
      call(gateway, 'list_accounts'),
      call(gateway, 'pool_health'),
      call(gateway, 'list_avatars'),
      call(gateway, 'list_voices'),
      call(gateway, 'list_jobs'),
      call(gateway, 'wait_for_job', { job_id }),
      call(gateway, 'get_job', { job_id: 'unknown' }),
    ])),
  ]
  const text = JSON.stringify(said)
  expect(text).toContain(email)
  for (const secret of [...gateway.secrets, gateway.token]) expect(text).not.toContain(secret)
})

test('a token with the scope use does not see tools that need full, and is refused if it calls them', async () => {
  const { gateway, name } = await tenant()
  const { token } = await gateway.newToken({ tenant: name, scope: 'use' })
  const user = gateway.as(token)
  const namesFor = async (one: Gateway) =>
    (await send(one, request('tools/list'))).message.result.tools.map((tool) => tool.name)
  const all = await namesFor(gateway)
  expect(all).toContain('free_slot')
  expect(await namesFor(user)).toEqual(all.filter((one) => one !== 'free_slot'))
  const { job_id } = (await call(user, 'make_video', WANTED)).structuredContent
  expect(await failure(user, 'free_slot', { job_id })).toMatch(/^forbidden: /)
  expect(await user.heldSlots()).toBe(1)
})

test('wrong arguments are named in a text that an agent can mend its call by, and nothing is started', async () => {
  const { gateway, email } = await tenant()
  const text = await failure(gateway, 'make_video', { avatar_id, script: '', speed: 2 })
  expect(text).toMatch(/speed: there is no such argument/)
  expect(text).toMatch(/voice_id is required/)
  expect(text).toMatch(/script must not be empty/)
  expect(await failure(gateway, 'wait_for_job', { job_id: 'x', max_seconds: 0 })).toMatch(
    /at least 1/
  )
  expect(await started(gateway, email)).toBe(0)
})

test('tools about jobs serve the other provider, too, and an unknown provider is refused', async () => {
  const { gateway } = await tenant()
  const found = await call(gateway, 'list_jobs', { provider: 'kling' })
  expect(found.structuredContent).toEqual({ jobs: [], next_cursor: null })
  expect(await failure(gateway, 'list_jobs', { provider: 'other' })).toMatch(
    /provider must be one of/
  )
})

test('without an account the pool is empty, and make_video says who must add one', async () => {
  const gateway = shared.as((await shared.newToken({ tenant: 'agents-none' })).token)
  const { structuredContent } = await call(gateway, 'pool_health')
  expect(structuredContent).toMatchObject({ state: 'empty', accounts: 0, free: 0 })
  expect((await call(gateway, 'list_accounts')).structuredContent).toEqual({ accounts: [] })
  expect(await failure(gateway, 'make_video', WANTED)).toMatch(/^no_accounts: .*operator/s)
})

test('docs/mcp.md lists every tool, in order, with the scope that it needs', async () => {
  const { gateway, name } = await tenant()
  const user = gateway.as((await gateway.newToken({ tenant: name, scope: 'use' })).token)
  const toolsOf = async (one: Gateway) =>
    (await send(one, request('tools/list'))).message.result.tools.map((tool) => tool.name)
  const forUse = await toolsOf(user)
  const rows = readFileSync('docs/mcp.md', 'utf8').matchAll(/^\| `(\w+)` \| (use|full) \|/gm)
  const listed = (await toolsOf(gateway)).map((tool) => [
    tool,
    forUse.includes(tool) ? 'use' : 'full',
  ])
  expect([...rows].map(([, tool, scope]) => [tool, scope])).toEqual(listed)
})
