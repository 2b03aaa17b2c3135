/** Published clients, unmodified, run their own loop through a queued job. A token with `whenFull: queue` would ask for them. */
import { KlingAPI } from 'kling-api'
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, type Gateway } from '../support/gateway.ts'
import { askingForTheLine, type Way } from '../support/queue/asks-for-the-line.ts'
import { endRunning } from '../support/queue/queued.ts'
import { addKling, T2V, TEXT2VIDEO } from '../support/scenes/kling.ts'
import { runCode } from './run-client.ts'

const opened: { dispose(): Promise<unknown> }[] = []
const ways: Way[] = []
afterAll(async () => {
  await Promise.all(ways.map((way) => way.close()))
  await Promise.all(opened.map((one) => one.dispose()))
})

async function wayTo(gateway: Gateway): Promise<Gateway> {
  const way = await askingForTheLine(gateway)
  ways.push(way)
  return way.gateway
}

test('kling-api with a signed token makes a task through the line, and waits for it by the id that it got', async () => {
  const gateway = await openGateway({ timeScale: 10, simVars: { JOB_MS: '-1' } })
  opened.push(gateway)
  const made = (await gateway.newToken()) as { token: string } & Record<string, string>
  const own = gateway.as(made.token)
  await addKling(own, 'ann', { maxJobs: 1 })
  const first = (await (await own.post(T2V, TEXT2VIDEO)).json()) as { data: { task_id: string } }
  const { accessKey = '', secretKey = '' } = made
  const client = new KlingAPI({ accessKey, secretKey, baseUrl: 'https://gateway.invalid' })
  const { httpClient } = client as unknown as {
    httpClient: { client: { defaults: { baseURL: string } } }
  }
  httpClient.client.defaults.baseURL = `${(await wayTo(own)).url}/kling`

  const task = await client.textToVideo({
    prompt: 'A calm sunrise',
    model_name: 'kling-v2-master',
    duration: '5',
  })
  expect(task.data).toMatchObject({ task_id: expect.stringMatching(/^8\d{18}$/) })
  await endRunning(own, `${T2V}/${first.data.task_id}`)
  await until(async () => (await own.heldSlots('kling')) === 1)
  await own.sim.finishJobs()
  const result = await client.waitForVideoResult(task.data.task_id)
  expect(JSON.stringify(result)).toContain(task.data.task_id)
})

test('a v2 script over the bridge makes a video through the line, and gets it by the id that it got', async () => {
  const gateway = await openGateway({ accounts: { a: 1 }, simVars: { SUNSET: 'true' } })
  opened.push(gateway)
  const first = (await (await gateway.createVideo()).json()) as { data: { video_id: string } }
  const way = await wayTo(gateway)
  const loop = runCode(
    way,
    `import { HeygenSDK } from '@teamduality/heygen-typescript-sdk'
    const sdk = new HeygenSDK(process.env.TOKEN)
    const { video_id } = await sdk.videos.generation.create({ video_inputs: [{
      character: { type: 'avatar', avatar_id: 'Abigail_expressive_2024112501' },
      voice: { type: 'text', voice_id: '1bd001e7e50f421d891986aad5158bc8', input_text: 'Hi' },
    }] })
    const seen = []
    for (let n = 0; n < 600; n += 1) {
      const video = await sdk.videos.generation.get(video_id)
      if (seen.at(-1) !== video.status) seen.push(video.status)
      if (video.status === 'completed') break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    console.log(JSON.stringify({ video_id, seen }))`
  )
  const jobs = async () => (await gateway.fetch('/v1/heygen/jobs?state=running')).json()
  await until(async () => {
    await endRunning(gateway, `/heygen/v3/videos/${first.data.video_id}`)
    const { jobs: running } = (await jobs()) as { jobs: { providerJob?: string }[] }
    return running.some(({ providerJob }) => providerJob !== undefined)
  })
  await gateway.sim.finishJobs()
  const { stdout, stderr } = await loop
  const said = JSON.parse(stdout || JSON.stringify({ stderr })) as { seen: string[] }
  expect(said).toMatchObject({ video_id: expect.stringMatching(/^[0-9a-f]{32}$/) })
  expect(said.seen.at(-1)).toBe('completed')
})
