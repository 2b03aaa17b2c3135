/** A gateway that is killed during a sign-in, and what stands in its storage. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { accountOf, approve, begin, CLIENT, ISSUED, stateOf } from '../../support/scenes/sign-in.ts'
import { Simulator } from '../../support/simulator.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-test-'))
const simulator = await Simulator.start({ vars: { JOB_MS: '600000' } })
afterAll(async () => {
  await simulator.dispose()
  await rm(folder, { recursive: true, force: true })
})

const TOKEN = { method: 'POST', path: '/v1/oauth/token' }
const ME = { path: '/v3/users/me' }

/** Asks every five seconds, whatever the scale. */
async function start(name: string, token?: string): Promise<Gateway> {
  const persist = path.join(folder, name)
  const gateway = await openGateway({ simulator, persist, timeScale: 10, vars: CLIENT })
  gateway.secrets.push(...ISSUED)
  if (token !== undefined) gateway.token = token
  return gateway
}

async function kill(gateway: Gateway): Promise<void> {
  if (gateway.pid === undefined) throw new Error('no workerd to kill')
  process.kill(gateway.pid, 'SIGKILL')
  await gateway.dispose()
}

async function ending(gateway: Gateway, id: string) {
  return until(async () => {
    const state = await stateOf(gateway, id)
    return state.status !== 'pending' && state
  })
}

/** What all files of a gateway contain. */
function stored(name: string): string {
  const files = readdirSync(path.join(folder, name), { recursive: true, encoding: 'utf8' })
  return files
    .map((file) => path.join(folder, name, file))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, 'latin1'))
    .join('\n')
}

/** Codes and tokens of the simulator's issuer. */
const SECRET = /\b(dev|access|refresh)_[0-9a-f]{20,}/

test('killed while it waits for a person, it goes on asking, and nothing of it is stored unsealed [I6]', async () => {
  const first = await start('waiting')
  const begun = await begin(first)
  expect(begun.user_code).not.toBe('')
  await kill(first)
  const said = stored('waiting')
  expect(said).toContain(begun.id)
  expect(said).not.toContain(begun.user_code)
  expect(said).not.toMatch(SECRET)
  const second = await start('waiting', first.token)
  await approve(second, begun.user_code, 'waiting@example.com')
  expect(await ending(second, begun.id)).toMatchObject({ status: 'done' })
  expect((await second.createVideo()).status).toBe(200)
  await second.dispose()
  const after = stored('waiting')
  expect(after).toContain('waiting@example.com')
  expect(after).not.toMatch(SECRET)
  expect(after).not.toContain(begun.user_code)
})

test('killed after the tokens were stored, it saves the account with them, once', async () => {
  const first = await start('granted')
  const begun = await begin(first)
  await simulator.fault({ match: ME, effect: { status: 500 } })
  await approve(first, begun.user_code, 'granted@example.com')
  await until(async () => (await stateOf(first, begun.id)).user_code === undefined)
  await kill(first)
  await simulator.clearFaults()
  const second = await start('granted', first.token)
  const done = await ending(second, begun.id)
  expect(done).toMatchObject({ status: 'done', account: { email: 'granted@example.com' } })
  expect((await second.createVideo()).status).toBe(200)
  await second.dispose()
})

test('killed while the answer with the tokens is on its way, it says that it may have been approved', async () => {
  const first = await start('lost')
  const begun = await begin(first)
  await simulator.forgetRequests()
  await simulator.fault({ match: TOKEN, times: 1, effect: { reset: 'after' } })
  await approve(first, begun.user_code, 'lost-kill@example.com')
  await until(async () => (await simulator.requests()).some(({ path: at }) => at === TOKEN.path))
  await kill(first)
  const second = await start('lost', first.token)
  expect(await ending(second, begun.id)).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('If you have approved it') as string,
  })
  // Started again, it works.
  const again = await begin(second)
  await approve(second, again.user_code, 'lost-kill@example.com')
  expect(await ending(second, again.id)).toMatchObject({ status: 'done' })
  expect((await accountOf(second, 'lost-kill@example.com')).maxJobs).toBe(3)
  await second.dispose()
})
