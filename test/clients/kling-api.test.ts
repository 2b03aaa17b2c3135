/** kling-api 1.0.0 as it is published: it repeats a POST on 502, 503, 504 and Kling's 5001, and never sends a key. */
import { KlingAPI } from 'kling-api'
import { afterAll, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../support/gateway.ts'
import { addKling } from '../support/scenes/kling.ts'

const shared = await openGateway({ timeScale: 10, simVars: { JOB_MS: '-1' } })
afterAll(() => shared.dispose())

const PATH = '/v1/videos/text2video'
const WISH = { prompt: 'A calm sunrise', model_name: 'kling-v2-master', duration: '5' } as const
let accounts = 0

/** A tenant with one account, and the client pointed at the gateway. It insists on https, so its axios is told later. */
async function clientOf(): Promise<{ client: KlingAPI; gateway: Gateway; email: string }> {
  const made = (await shared.newToken()) as { token: string } & Record<string, string>
  const gateway = shared.as(made.token)
  await gateway.sim.clearFaults()
  accounts += 1
  const email = await addKling(gateway, `published${accounts}`)
  const { accessKey = '', secretKey = '' } = made
  const client = new KlingAPI({ accessKey, secretKey, baseUrl: 'https://gateway.invalid' })
  const { httpClient } = client as unknown as {
    httpClient: { client: { defaults: { baseURL: string } } }
  }
  httpClient.client.defaults.baseURL = `${gateway.url}/kling`
  return { client, gateway, email }
}

async function startedBy(gateway: Gateway, email: string): Promise<number> {
  return (await gateway.sim.account(email)).jobsStarted
}

for (const times of [1, 3]) {
  test(`kling-api with answers lost ${times} times makes one job, and is given it [I4]`, async () => {
    const { client, gateway, email } = await clientOf()
    const match = { method: 'POST', path: PATH }
    await gateway.sim.fault({ match, times, effect: { reset: 'after' } })
    const task = await client.textToVideo(WISH)
    expect(task.data.task_id).toMatch(/^\d+$/)
    expect(await startedBy(gateway, email)).toBe(1)
  })
}

test('kling-api makes tasks on a pool of two, and gets each by its id', async () => {
  const { client, gateway, email } = await clientOf()
  accounts += 1
  const other = await addKling(gateway, `published${accounts}`, { maxJobs: 1 })
  const limit = { email, maxJobs: 1 }
  expect((await gateway.post('/v1/kling/accounts', limit)).status).toBe(200)
  const made = [await client.textToVideo(WISH), await client.textToVideo(WISH)]
  expect([await startedBy(gateway, email), await startedBy(gateway, other)]).toEqual([1, 1])
  await expect(client.textToVideo(WISH)).rejects.toMatchObject({ code: 1303 })
  await gateway.sim.finishJobs()
  for (const { data } of made) {
    const result = await client.waitForVideoResult(data.task_id)
    expect(JSON.stringify(result)).toContain(data.task_id)
  }
})

test('kling-api makes one job even where nobody can say what became of it: it does not repeat our answer [I4]', async () => {
  const { client, gateway, email } = await clientOf()
  await gateway.sim.fault({ match: { method: 'POST', path: PATH }, effect: { reset: 'after' } })
  await gateway.sim.fault({ match: { method: 'GET' }, effect: { code: 5001 } })
  await expect(client.textToVideo(WISH)).rejects.toMatchObject({ code: 1200 })
  expect(await startedBy(gateway, email)).toBe(1)
})
