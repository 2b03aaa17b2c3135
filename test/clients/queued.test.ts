/**
 * Published clients, unmodified, run their own loop through a job that waits. Their token has `whenFull: queue` and its pool is full,
 * so they ask for nothing. HeyGen's n8n node: full/clients.full.test.ts.
 */
import type { Experimental_VideoModelV4 as VideoModel } from '@ai-sdk/provider'
import { experimental_generateVideo as generateVideo } from 'ai'
import { KlingAPI } from 'kling-api'
import { expect, test } from 'vitest'
import { until, VIDEO, type Gateway } from '../support/gateway.ts'
import { gatewaysOfTests } from '../support/gateways-of-tests.ts'
import { queueVideo, startedTitles } from '../support/queue/videos.ts'
import { addKling } from '../support/scenes/kling.ts'
import { call } from '../gateway/mcp/agent.ts'
import { runCode } from './run-client.ts'

const open = gatewaysOfTests()
const QUEUES = { whenFull: 'queue' }
const PATH = '/v1/videos/text2video'
const WISH = { prompt: 'A calm sunrise', model_name: 'kling-v2-master', duration: '5' } as const

/** A pool of one slot, which a job of another title holds, and a client's token that queues. */
async function fullPool(simVars: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await open({ timeScale: 20, simVars: { JOB_MS: '-1', ...simVars } })
  const client = gateway.as((await gateway.newToken(QUEUES)).token)
  await client.addAccount('line', 1)
  expect((await client.createVideo({ title: 'before' })).status).toBe(200)
  return client
}

test('kling-api with a signed token waits for a task through the line, by the name that it was given', async () => {
  const opened = await open({ timeScale: 20, simVars: { JOB_MS: '-1' } })
  const made = (await opened.newToken(QUEUES)) as { token: string } & Record<string, string>
  const gateway = opened.as(made.token)
  const email = await addKling(gateway, 'line', { maxJobs: 1 })
  const { accessKey = '', secretKey = '' } = made
  const client = new KlingAPI({ accessKey, secretKey, baseUrl: 'https://gateway.invalid' })
  const { httpClient } = client as unknown as {
    httpClient: { client: { defaults: { baseURL: string } } }
  }
  httpClient.client.defaults.baseURL = `${gateway.url}/kling`
  const first = await client.textToVideo(WISH)
  const second = await client.textToVideo(WISH)
  expect(first.data.task_id).not.toMatch(/^8\d{18}$/)
  expect(second.data.task_status).toBe('submitted')
  expect(second.data.task_id).toMatch(/^8\d{18}$/)
  const results = [first, second].map(({ data }) => client.waitForVideoResult(data.task_id))
  const started = async () => (await gateway.sim.account(email)).jobsStarted
  for (const count of [1, 2]) {
    await until(async () => (await started()) === count)
    await gateway.sim.control('POST', '/finish', { provider: 'kling' })
  }
  const [one, two] = await Promise.all(results)
  expect(JSON.stringify(one)).toContain(first.data.task_id)
  expect(JSON.stringify(two)).toContain(second.data.task_id)
  const calls = await gateway.sim.requests()
  expect(calls.filter(({ path, method }) => path === PATH && method === 'POST')).toHaveLength(2)
}, 60_000)

test('a v2 script over the bridge makes a video through the line, and gets it by the id that it got', async () => {
  const gateway = await fullPool({ SUNSET: 'true' })
  const loop = runCode(
    gateway,
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
  const isPolled = (line: string) => line.includes('/v1/video_status.get') && line.includes('200')
  await until(async () => gateway.logs.some(isPolled))
  await gateway.sim.finishJobs()
  await until(async () => (await startedTitles(gateway)).length === 2)
  await gateway.sim.finishJobs()
  const { stdout, stderr } = await loop
  const said = JSON.parse(stdout || JSON.stringify({ stderr })) as { seen: string[] }
  expect(said).toMatchObject({ video_id: expect.stringMatching(/^[0-9a-f]{32}$/) })
  expect(said.seen[0]).toBe('pending')
  expect(said.seen.at(-1)).toBe('completed')
}, 60_000)

test('the video loop of the AI SDK runs through a job that waits, and one job is made', async () => {
  const gateway = await fullPool()
  const words: string[] = []
  const json = async (path: string, init: RequestInit) => {
    const answer = await gateway.fetch(path, init)
    return (await answer.json()) as { data: Record<string, string> }
  }
  const response = () => ({ timestamp: new Date(), modelId: 'v3', headers: undefined })
  const model: VideoModel = {
    specificationVersion: 'v4',
    provider: 'heygen',
    modelId: 'v3',
    maxVideosPerCall: 1,
    async doStart({ prompt }) {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ ...VIDEO, title: 'by-sdk', script: prompt })
      const { data } = await json('/heygen/v3/videos', { method: 'POST', headers, body })
      return { operation: data['video_id'] ?? null, warnings: [], response: response() }
    },
    async doStatus({ operation }) {
      const { data } = await json(`/heygen/v3/videos/${String(operation)}`, {})
      words.push(data['status'] ?? '')
      await gateway.sim.finishJobs()
      const url = data['video_url']
      if (!url) return { status: 'pending', response: response() }
      const videos = [{ type: 'url' as const, url, mediaType: 'video/mp4' }]
      return { status: 'completed', videos, warnings: [], response: response() }
    },
  }
  const { video } = await generateVideo({
    model,
    prompt: 'Hello from the line.',
    poll: { intervalMs: 300 },
    download: async () => ({ data: new Uint8Array([1]), mediaType: 'video/mp4' }),
  })
  expect(video.mediaType).toBe('video/mp4')
  expect(words[0]).toBe('waiting')
  expect((await startedTitles(gateway)).filter((title) => title === 'by-sdk')).toHaveLength(1)
}, 60_000)

test('an agent finds a job that waits by its name, and waits for it to its end', async () => {
  const gateway = await fullPool()
  const name = await queueVideo(gateway, 'for-agent')
  const look = await call(gateway, 'get_job', { job_id: name })
  expect(look.structuredContent).toMatchObject({ job_id: name, done: false })
  const waited = call(gateway, 'wait_for_job', { job_id: name, max_seconds: 600 })
  await gateway.sim.finishJobs()
  await until(async () => (await startedTitles(gateway)).includes('for-agent'))
  await gateway.sim.finishJobs()
  const { structuredContent } = await waited
  expect(structuredContent).toMatchObject({ done: true, status: 'completed' })
}, 60_000)
