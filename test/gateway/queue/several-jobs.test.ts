/** Queued creations of several jobs: a name for each, and one start. */
import { expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { becomes, endRunning, jobOf, queued } from '../../support/queue/queued.ts'

const openGateway = gatewaysOfFile()
const PATH = '/heygen/v3/video-translations'
const BODY = {
  video: { type: 'url', url: 'https://example.com/in.mp4' },
  output_languages: ['German', 'French', 'Spanish'],
}

test('a creation of three parts has three names and one start', async () => {
  const gateway = await openGateway({ accounts: { a: 3 } })
  const first = await gateway.createVideo()
  const { data } = (await first.json()) as { data: { video_id: string } }
  const { names, json } = await queued(gateway, PATH, BODY)
  expect(new Set(names).size).toBe(3)
  expect(json).toMatchObject({ data: { video_translation_ids: names } })
  for (const name of names) {
    const poll = await gateway.fetch(`${PATH}/${name}`)
    expect(await poll.json()).toMatchObject({ data: { id: name, status: 'pending' } })
  }
  // Two slots are free, and it needs three.
  expect(await jobOf(gateway, names[2] ?? '')).toMatchObject({ status: 'queued' })

  await endRunning(gateway, `/heygen/v3/videos/${data.video_id}`)
  const views = await Promise.all(names.map((name) => becomes(gateway, name, 'running')))
  expect(views.map(({ jobid }) => jobid)).toEqual(names)
  const ids = views.map(({ providerJob }) => providerJob)
  expect(new Set(ids).size).toBe(3)
  const sent = (await gateway.sim.requests()).filter(
    ({ method, path }) => method === 'POST' && path === '/v3/video-translations'
  )
  expect(sent).toHaveLength(1)
  expect(await gateway.heldSlots()).toBe(3)

  await gateway.sim.finishJobs()
  for (const [at, name] of names.entries()) {
    const poll = await gateway.fetch(`${PATH}/${name}`)
    expect(await poll.json()).toMatchObject({ data: { id: name, status: 'completed' } })
    expect(poll.headers.get('x-gateway-provider-job')).toBe(ids[at])
    expect(await jobOf(gateway, name)).toMatchObject({ jobid: name, status: 'completed' })
  }
})
