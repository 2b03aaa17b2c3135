/**
 * Published clients that are too large for every run: HeyGen's n8n node and HeyGen's own command line. Unmodified, each on a
 * pool of two. They run as programs of their own, since n8n-workflow and our zod exclude each other.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { endRunning } from '../../support/queue/queued.ts'
import { limitedBy } from '../../support/scenes/tokens/limits.ts'
import { runClient } from '../run-client.ts'
import { n8n } from './n8n.ts'

const FOLDER = 'test/clients/full'
const gateways: Gateway[] = []
afterAll(() => Promise.all(gateways.map((gateway) => gateway.dispose())))

async function pool(maxJobs: number): Promise<Gateway> {
  const gateway = await openGateway({
    accounts: { a: maxJobs, b: maxJobs },
    simVars: { JOB_MS: '-1' },
  })
  gateways.push(gateway)
  return gateway
}

const MAKE = {
  resource: 'video',
  operation: 'createVideo',
  videosUseJsonBody: true,
  videosJsonBody: JSON.stringify(VIDEO),
}

test('HeyGen’s n8n node makes videos on a pool of two, gets and lists them, and shows a full pool in our words', async () => {
  const gateway = await pool(1)
  const { run, stop } = n8n(gateway)
  const made = [await run(MAKE), await run(MAKE)]
  const ids = made.map((one) => one.json?.data?.['video_id'])
  expect(ids, JSON.stringify(made)).toEqual([expect.any(String), expect.any(String)])
  const full = await run(MAKE)
  expect(full.error).toMatchObject({
    name: 'NodeApiError',
    httpCode: '429',
    description: expect.stringContaining('slots') as string,
  })
  await gateway.sim.finishJobs()
  for (const videoId of ids) {
    const got = await run({ resource: 'video', operation: 'getVideoStatus', videoId })
    expect(got.json?.data).toMatchObject({ id: videoId, status: 'completed' })
  }
  const listed = await run({ resource: 'video', operation: 'listVideos' })
  expect(listed.json?.data).toHaveLength(2)
  const unknown = await run({ resource: 'video', operation: 'getVideoStatus', videoId: 'nobodys' })
  expect(unknown.error).toMatchObject({ name: 'NodeApiError', httpCode: '404' })
  stop()
})

test('HeyGen’s n8n node runs its loop through a queued job, with a token that queues', async () => {
  const opened = await openGateway({ accounts: { a: 1 }, simVars: { JOB_MS: '-1' } })
  gateways.push(opened)
  const gateway = (await limitedBy(opened, { whenFull: 'queue' })).as
  const first = (await (await gateway.createVideo()).json()) as { data: { video_id: string } }
  const { run, stop } = n8n(gateway)
  const made = await run(MAKE)
  const videoId = made.json?.data?.['video_id']
  expect(made.json?.data, JSON.stringify(made)).toMatchObject({ status: 'waiting' })
  const status = async () => {
    const got = await run({ resource: 'video', operation: 'getVideoStatus', videoId })
    expect(got.json?.data, JSON.stringify(got)).toMatchObject({ id: videoId })
    return got.json?.data?.['status']
  }
  expect(await status()).toBe('waiting')
  await endRunning(gateway, `/heygen/v3/videos/${first.data.video_id}`)
  await until(async () => {
    await gateway.sim.finishJobs()
    return (await status()) === 'completed'
  })
  const listed = await run({ resource: 'video', operation: 'listVideos' })
  expect(JSON.stringify(listed.json?.data)).toContain(String(videoId))
  stop()
})

const COMPOSITION = 'https://files.example.com/composition.zip'

test('HeyGen’s own command line renders on a pool of two, waits and downloads; the same key is the same render', async () => {
  const gateway = await pool(1)
  const home = await mkdtemp(path.join(tmpdir(), 'hyperframes-'))
  const hyperframes = (...args: string[]) =>
    runClient(gateway, ['node_modules/hyperframes/dist/cli.js', ...args], {
      folder: FOLDER,
      isSettable: true,
      env: {
        HOME: home,
        CI: '1',
        HEYGEN_API_URL: `${gateway.url}/heygen`,
        HEYGEN_API_KEY: gateway.token,
        HYPERFRAMES_NO_TELEMETRY: '1',
        DO_NOT_TRACK: '1',
      },
    })
  const render = (...args: string[]) =>
    hyperframes('cloud', 'render', '--url', COMPOSITION, '--json', ...args)

  const keyed = ['--no-wait', '--idempotency-key', 'render-1']
  const [first, again] = [await render(...keyed), await render(...keyed)]
  expect(first.code, first.stderr + first.stdout).toBe(0)
  expect(again.stdout).toBe(first.stdout)
  expect(await gateway.heldSlots()).toBe(1)

  const file = path.join(home, 'out.mp4')
  const waiting = render('--poll-interval', '1', '-o', file)
  await until(async () => (await gateway.heldSlots()) === 2)
  await gateway.sim.finishJobs()
  const waited = await waiting
  expect(waited.code, waited.stderr + waited.stdout).toBe(0)
  expect((await readFile(file)).length).toBeGreaterThan(0)

  const listed = await hyperframes('cloud', 'list', '--json')
  expect(listed.code, listed.stderr).toBe(0)
  await rm(home, { recursive: true, force: true })
})
