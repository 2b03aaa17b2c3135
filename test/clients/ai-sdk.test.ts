/**
 * `experimental_generateVideo` of the published `ai` 7 with a provider of our own, written against `@ai-sdk/provider` as the
 * SDK documents it: it starts and asks, and the SDK's own key goes up with the start.
 */
import { APICallError, type Experimental_VideoModelV4 as VideoModel } from '@ai-sdk/provider'
import { experimental_generateVideo as generateVideo } from 'ai'
import { afterAll, expect, test } from 'vitest'
import { openGateway, VIDEO, type Gateway } from '../support/gateway.ts'

const gateway = await openGateway({
  accounts: { ann: 5, bob: 5 },
  timeScale: 10,
  simVars: { JOB_MS: '-1' },
})
afterAll(() => gateway.dispose())

let starts = 0

/** What the SDK's kit for providers does with a refusal: 408, 409, 429 and 5xx are worth another try. */
async function send(path: string, init: RequestInit, body: unknown = {}) {
  const answer = await gateway.fetch(path, init)
  const text = await answer.text()
  const responseHeaders = Object.fromEntries(answer.headers)
  if (answer.ok)
    return { json: JSON.parse(text) as { data: Record<string, string> }, responseHeaders }
  throw new APICallError({
    message: text,
    url: path,
    requestBodyValues: body,
    statusCode: answer.status,
    responseHeaders,
    responseBody: text,
  })
}

function modelOf(at: Gateway): VideoModel {
  const response = () => ({ timestamp: new Date(), modelId: 'v3', headers: undefined })
  return {
    specificationVersion: 'v4',
    provider: 'heygen',
    modelId: 'v3',
    maxVideosPerCall: 1,
    async doStart({ prompt, headers }) {
      starts += 1
      if (starts === 2) await at.sim.clearFaults()
      const body = { ...VIDEO, script: prompt, callback_id: `sdk-${prompt}` }
      const own = Object.entries(headers ?? {}).filter((entry) => entry[1] !== undefined)
      const init = {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { ...Object.fromEntries(own), 'content-type': 'application/json' } as HeadersInit,
      }
      const { json } = await send('/heygen/v3/videos', init, body)
      return { operation: json.data['video_id'] ?? null, warnings: [], response: response() }
    },
    async doStatus({ operation }) {
      await at.sim.clearFaults()
      await at.sim.finishJobs()
      const { json } = await send(`/heygen/v3/videos/${String(operation)}`, {})
      const url = json.data['video_url']
      if (json.data['status'] !== 'completed' || !url)
        return { status: 'pending', response: response() }
      const videos = [{ type: 'url' as const, url, mediaType: 'video/mp4' }]
      return { status: 'completed', videos, warnings: [], response: response() }
    },
  }
}

async function started(): Promise<number> {
  const { accounts } = await gateway.sim.state()
  return accounts.reduce((sum, one) => sum + one.jobsStarted, 0)
}

function videoOf(prompt: string) {
  return generateVideo({
    model: modelOf(gateway),
    prompt,
    poll: { intervalMs: 50 },
    download: async () => ({ data: new Uint8Array([1]), mediaType: 'video/mp4' }),
  })
}

test('the SDK with a lost answer makes one job and is given its video [I4]', async () => {
  const match = { method: 'POST', path: '/v3/videos' }
  await gateway.sim.fault({ match, times: 1, effect: { reset: 'after' } })
  const { video } = await videoOf('once')
  expect(video.mediaType).toBe('video/mp4')
  expect(await started()).toBe(1)
})

test('where its job is found later, the SDK’s own retries under its key get it: one job, and the video [I4]', async () => {
  const before = await started()
  // The looks of the first call are lost as well, until the SDK comes again.
  for (const method of ['POST', 'GET']) {
    await gateway.sim.fault({ match: { method, path: '/v3/videos' }, effect: { reset: 'after' } })
  }
  starts = 0
  const { video } = await videoOf('later')
  expect(video.mediaType).toBe('video/mp4')
  expect(starts).toBeGreaterThan(1)
  expect(await started()).toBe(before + 1)
})
