/** Published clients run their own loops through jobs that wait in the line. Only the header that asks for it is added. */
import type { Experimental_VideoModelV4 as VideoModel } from '@ai-sdk/provider'
import { experimental_generateVideo as generateVideo } from 'ai'
import { KlingAPI } from 'kling-api'
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, VIDEO } from '../support/gateway.ts'
import { QUEUED, queueVideo, startedTitles } from '../support/queue/started.ts'
import { addKling } from '../support/scenes/kling.ts'
import { call } from '../gateway/mcp/agent.ts'

const shared = await openGateway({ timeScale: 20, simVars: { JOB_MS: '-1' } })
afterAll(() => shared.dispose())

const PATH = '/v1/videos/text2video'
const WISH = { prompt: 'A calm sunrise', model_name: 'kling-v2-master', duration: '5' } as const

test('kling-api waits for a task through the line, with the name that it was given and its signed token', async () => {
  const made = (await shared.newToken()) as { token: string } & Record<string, string>
  const gateway = shared.as(made.token)
  const email = await addKling(gateway, 'line', { maxJobs: 1 })
  const { accessKey = '', secretKey = '' } = made
  const client = new KlingAPI({ accessKey, secretKey, baseUrl: 'https://gateway.invalid' })
  const { defaults } = (
    client as unknown as {
      httpClient: { client: { defaults: { baseURL: string; headers: Record<string, unknown> } } }
    }
  ).httpClient.client
  defaults.baseURL = `${gateway.url}/kling`
  defaults.headers['Prefer'] = QUEUED.prefer
  const first = await client.textToVideo(WISH)
  const second = await client.textToVideo(WISH)
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

test('the video loop of the AI SDK runs through a job that waits, and one job is made', async () => {
  const gateway = shared.as((await shared.newToken()).token)
  await gateway.addAccount('sdk', 1)
  await queueVideo(gateway, 'before-sdk')
  await until(async () => (await startedTitles(gateway)).includes('before-sdk'))
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
      const headers = { ...QUEUED, 'content-type': 'application/json' }
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
  const gateway = shared.as((await shared.newToken()).token)
  await gateway.addAccount('agents', 1)
  await queueVideo(gateway, 'before-agent')
  await until(async () => (await startedTitles(gateway)).includes('before-agent'))
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
