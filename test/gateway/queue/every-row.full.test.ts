/** One creation of each row goes through the line at the real Worker, against the simulator: its status by name, until it has ended. */
import { expect } from 'vitest'
import { textAt } from '#domain/text/json-pointer.ts'
import { PROVIDERS } from '#providers/index.ts'
import { until, type Gateway } from '../../support/gateway.ts'
import { testFull } from '../../support/full.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { queued, jobOf } from '../../support/queue/queued.ts'
import { addKling } from '../../support/scenes/kling.ts'
import heygenRows from '../../../simulator/heygen/catalogue.json' with { type: 'json' }
import klingRows from '../../../simulator/kling/catalogue.json' with { type: 'json' }

interface Row {
  method: string
  path: string
  kind: string
  terminal: { statusPointer: string; done: string[]; failed: string[] } | null
  pathExample: Record<string, string>
  requestExample: object | null
}

const ROWS = { heygen: heygenRows, kling: klingRows } as unknown as Record<string, Row[]>
const openGateway = gatewaysOfFile()

/** The examples of these rows name things that the account lacks. So they end as refused, and their status says so. */
const REFUSED = {
  heygen: [
    '/v3/background-removals',
    '/v3/filler-word-removals',
    '/v3/hyperframes/renders',
    '/v3/lipsyncs',
    '/v3/models/images',
    '/v3/models/videos',
    '/v3/templates/9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b84',
    '/v3/video-translations/proofreads/b7d1c2e3f4054617a8b9cadbecfd0e1f/generate',
    '/v3/voices/clone',
    '/v3/workflow-runs',
  ],
  kling: [
    '/image-to-video/kling-2.6',
    '/v1/images/omni-image',
    '/v1/videos/advanced-lip-sync',
    '/v1/videos/multi-elements',
    '/v1/videos/video-extend',
  ],
}

function queueable(name: 'heygen' | 'kling') {
  const provider = PROVIDERS.find((one) => one.name === name)
  return (ROWS[name] ?? []).flatMap((row) => {
    const path = row.path.replaceAll(/\{(\w+)\}/g, (_, at: string) => row.pathExample[at] ?? 'x')
    const match = row.method === 'POST' ? provider?.routes.match('POST', path) : undefined
    const form = match && provider?.jobs.queueForm?.(match)
    const ask = match?.route.job?.ask
    if (!form || ask === undefined || match?.route.path.startsWith('/v2/')) return []
    const status = provider?.routes.match('GET', ask.replace('{id}', 'x').split('?')[0] ?? '')
    const shown = (ROWS[name] ?? []).find(
      (one) => one.method === 'GET' && one.path === status?.route.path
    )
    return [{ name, path, ask, terminal: shown?.terminal, body: row.requestExample ?? {} }]
  })
}

/** A name of the client's own is free once. */
function withoutName(body: object): object {
  const { external_task_id: _, options, ...rest } = body as Record<string, unknown>
  const { external_task_id: __, ...others } = (options ?? {}) as Record<string, unknown>
  return { ...rest, ...(options === undefined ? {} : { options: others }) }
}

for (const name of ['heygen', 'kling'] as const) {
  testFull(`each of the queueable rows of ${name} goes through the line by its name`, async () => {
    const gateway = await openGateway(name === 'heygen' ? { accounts: { a: 9 } } : {})
    if (name === 'kling') await addKling(gateway, 'ann', { maxJobs: 9 })
    const became: Record<string, string> = {}
    for (const row of queueable(name)) became[row.path] = await play(gateway, row)
    const others = Object.entries(became).filter(([, said]) => said !== 'done')
    expect(others.filter(([, said]) => said !== 'refused')).toEqual([])
    expect(others.map(([path]) => path).toSorted()).toEqual(REFUSED[name].toSorted())
  })
}

async function play(
  gateway: Gateway,
  { name, path, ask, body, terminal }: ReturnType<typeof queueable>[number]
): Promise<string> {
  const { names } = await queued(gateway, `/${name}${path}`, withoutName(body))
  const [job = ''] = names
  const status = async () => {
    const answer = await gateway.fetch(`/${name}${ask.replace('{id}', job)}`)
    const json: unknown = await answer.json()
    return { code: answer.status, json, word: textAt(json, terminal?.statusPointer ?? '') ?? '' }
  }
  const before = await status()
  if (before.code !== 200 || !JSON.stringify(before.json).includes(job))
    return `before: ${JSON.stringify(before)}`
  const view = await until(async () => {
    const one = await jobOf(gateway, job, name)
    return one.status !== 'queued' && one
  })
  if (view.status !== 'running') {
    const over = await status()
    const isShown = JSON.stringify(over.json).includes(job) && terminal?.failed.includes(over.word)
    return isShown === true ? 'refused' : `over: ${JSON.stringify(over)}`
  }
  await gateway.sim.finishJobs()
  const after = await status()
  if (!JSON.stringify(after.json).includes(job)) return `after: ${JSON.stringify(after.json)}`
  return terminal?.done.includes(after.word) === true ? 'done' : `word: ${JSON.stringify(after)}`
}
