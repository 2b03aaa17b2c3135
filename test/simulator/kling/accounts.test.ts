/** Accounts at the simulated Kling: tokens, API keys, regions. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openKling, signToken, TEXT_TO_VIDEO, tokenOf, TURBO } from './open-kling.ts'
import type { Json } from '../open-simulator.ts'

let kling: Awaited<ReturnType<typeof openKling>>
beforeAll(async () => {
  // Longer than the file takes: nothing ends unless it is told to or the clock is moved.
  kling = await openKling({ vars: { JOB_MS: '600000', SYNC_MS: '50' } })
})
afterAll(() => kling.dispose())

const V1 = '/v1/videos/text2video'
const create = (name: string) => kling.call('POST', V1, { name, body: TEXT_TO_VIDEO })
const codeOf = async (answer: Promise<{ status: number; body: Json }>) => {
  const { status, body } = await answer
  return [status, body.code]
}

test('a token is refused for its own fault: signature, key, time, form', async () => {
  const now = Math.floor(Date.now() / 1000)
  const ask = (token: string) => codeOf(kling.call('GET', V1, { token }))
  expect(await ask(tokenOf('jwt'))).toEqual([200, 0])
  expect(await ask('')).toEqual([401, 1001])
  expect(await ask(tokenOf('jwt', {}, 'wrong'))).toEqual([401, 1000])
  expect(await ask(tokenOf('jwt', { iss: 'ak_sim_bad1' }))).toEqual([401, 1002])
  expect(await ask(tokenOf('jwt', { nbf: now + 60 }))).toEqual([401, 1003])
  expect(await ask(tokenOf('jwt', { exp: now - 1 }))).toEqual([401, 1004])
  expect(await ask('nonsense')).toEqual([401, 1002])
  const claims = { iss: 'ak_sim_jwt', exp: now + 60, nbf: now - 5 }
  expect(await ask(signToken(claims, 'sk_secret_jwt', 'none'))).toEqual([401, 1000])
})

test('the test value of the reference verifies: the key is the secret as plain text', async () => {
  const token =
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJha19kZW1vIiwiZXhwIjoxODAwMDAwMDAwLCJuYmYiOjE3OTk5OTgxOTV9.fjJ6TsqqH5TIJMe8Tixcw19bVt952QFLrG5SZpqng-c'
  await kling.make('demo', { accessKey: 'ak_demo', secretKey: 'sk_demo' })
  const ask = () => codeOf(kling.call('GET', V1, { token }))
  // Half an hour from 2027-01-15 07:56:35 on, whatever day it is.
  const { now } = await kling.sim('GET', 'state?jobs=none')
  const toItsTime = 1_799_999_000_000 - now
  await kling.pass(toItsTime)
  expect(await ask()).toEqual([200, 0])
  await kling.pass(-3_600_000)
  expect(await ask()).toEqual([401, 1003])
  await kling.pass(3_600_000 - toItsTime)
})

test('calls of the new design refuse a token whose signature is right', async () => {
  const token = tokenOf('both')
  const body = { prompt: 'A cat' }
  const refused = await kling.call('POST', TURBO, { token, body })
  expect([refused.status, refused.body.code]).toEqual([401, 1002])
  expect(refused.body.message).toContain('does not support AK/SK')
  expect(await codeOf(kling.call('GET', '/tasks?task_ids=0', { token }))).toEqual([401, 1002])
  expect(await codeOf(kling.call('POST', TURBO, { name: 'both', body }))).toEqual([200, 0])
})

test('a credential works at the hosts of its region alone', async () => {
  await kling.make('north', { region: 'beijing' })
  const ask = (host: string, token: string) => codeOf(kling.call('GET', V1, { host, token }))
  expect(await ask('/api-beijing.klingai.com', tokenOf('north'))).toEqual([200, 0])
  expect(await ask('/api-singapore.klingai.com', tokenOf('north'))).toEqual([401, 1002])
  expect(await ask('/api-singapore.klingai.com', 'kling_sim_north')).toEqual([401, 1002])
  expect(await ask('/api.klingai.com', tokenOf('south'))).toEqual([200, 0])
  expect(await ask('/api-beijing.klingai.com', tokenOf('south'))).toEqual([401, 1002])
})

test('accounts made by hand have the credentials that they were given and no others', async () => {
  await kling.make('hand', { accessKey: 'AK1', secretKey: 'SK1', apiKeys: ['key-1', 'key-2'] })
  const claims = { exp: Math.floor(Date.now() / 1000) + 60 }
  const token = signToken({ iss: 'AK1', ...claims }, 'SK1')
  for (const each of [token, 'key-1', 'key-2'])
    expect(await codeOf(kling.call('GET', V1, { token: each }))).toEqual([200, 0])
  expect(await codeOf(kling.call('GET', V1, { token: 'kling_sim_hand' }))).toEqual([401, 1002])
})

test('one email at both providers is two accounts', async () => {
  await kling.sim('POST', 'accounts', { email: 'two@sim.example', apiKeys: ['heygen-key'] })
  await create('two')
  const { accounts } = await kling.sim('GET', 'state?account=two@sim.example')
  expect(accounts.map((each: Json) => [each.provider, each.jobsStarted])).toEqual([
    ['heygen', 0],
    ['kling', 1],
  ])
  const users = await kling.raw('GET', '/v3/users/me', { key: 'kling_sim_two' })
  expect(users.status).toBe(401)
  await kling.sim('DELETE', 'accounts/two@sim.example?provider=kling')
  const { accounts: left } = await kling.sim('GET', 'state?account=two@sim.example')
  expect(left.map((each: Json) => each.provider)).toEqual(['heygen'])
})
