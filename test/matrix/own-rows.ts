/** Every route of the running router, each with a call that could be served. */
import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { KLING_BODIES } from '../openapi/tour.ts'
import { until, VIDEO } from '../support/gateway.ts'
import { addKling, T2V, TEXT2VIDEO } from '../support/scenes/kling.ts'
import { json, type Call, type Row } from './rows.ts'
import type { World } from './world.ts'

/** The routes as the router has them: `GET /v1/pool`. Node loads the Worker's source, which Vitest cannot. */
export async function routesOfRouter(): Promise<string[]> {
  const list = pathToFileURL('scripts/lib/openapi/routes-of-app.ts').href
  const program = `import { routesOfApp } from '${list}'
    const { routes } = await routesOfApp()
    console.log(JSON.stringify(routes.map(({ method, path }) => method.toUpperCase() + ' ' + path)))`
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
  return [...new Set(JSON.parse((await run).stdout) as string[])]
}

/** Paths that no route has, and methods that a path of ours lacks. */
const NOWHERE: [string, string][] = [
  ['GET', '/nothing'],
  ['GET', '/admin/nothing'],
  ['GET', '/v1/heygen/nothing'],
  ['GET', '/v1/kling/nothing'],
  ['PUT', '/admin/tokens'],
  ['PUT', '/v1/pool'],
  ['PUT', '/v1/heygen/accounts'],
  ['DELETE', '/mcp'],
  ['DELETE', '/metrics'],
  ['PUT', '/webhooks/heygen/nobody'],
]

export function ownRows(world: World, routes: readonly string[]): Row[] {
  return routes.toSorted(byPath).map((name) => {
    const [method = '', path = ''] = name.split(' ')
    return { name, changes: method !== 'GET', make: () => callOf(world, method, path) }
  })
}

export function nowhereRows(): Row[] {
  return NOWHERE.map(([method, path]) => ({
    name: `${method} ${path}`,
    changes: false,
    make: async () => json(method, path, method === 'PUT' ? {} : undefined),
  }))
}

function byPath(one: string, other: string): number {
  const of = (name: string) => name.split(' ').toReversed().join(' ')
  return of(one) < of(other) ? -1 : 1
}

async function callOf(world: World, method: string, path: string): Promise<Call> {
  const body = await (BODIES[`${method} ${path}`] ?? klingBody(path))?.(world)
  const param = PARAMS.find(([form]) => form.test(`${method} ${path}`))
  const value = param ? await param[1](world) : 'nobody'
  const at = path.replace('{provider}', 'heygen').replaceAll(/\{\w+\}/g, encodeURIComponent(value))
  if (body === PNG) return { method, path: at, body: PNG, contentType: 'image/png' }
  if (typeof body === 'string') return { method, path: at, body, contentType: 'text/plain' }
  return json(method, at, method === 'GET' || method === 'DELETE' ? undefined : body)
}

let made = 0
const next = () => String((made += 1))
const PNG = new TextEncoder().encode('not really a picture')

/** The bodies of calls that take one. */
const BODIES: Record<string, (world: World) => Promise<unknown>> = {
  'POST /admin/tokens': async () => ({ name: 'made' }),
  'PATCH /admin/tokens/{id}': async () => ({ name: 'changed' }),
  'POST /admin/routes': async () => addedRoute(),
  'POST /admin/alerts': async ({ receiver }) => alert(receiver.url),
  'POST /admin/import': async ({ gateway }) => (await gateway.admin('GET', '/export')).text(),
  'POST /v1/alerts': async ({ receiver }) => alert(receiver.url),
  'POST /v1/heygen/accounts': async () => ({
    email: 'ann@example.com',
    apiKey: 'sk_test_ann',
    maxJobs: 1000,
  }),
  'PATCH /v1/heygen/accounts/{email}': async () => ({ weight: 10 }),
  'PATCH /v1/kling/accounts/{email}': async () => ({ weight: 10 }),
  'PATCH /v1/heygen/settings': async () => ({ balance: 'random' }),
  'PATCH /v1/kling/settings': async () => ({ balance: 'random' }),
  'POST /v1/kling/accounts': async () => ({ email: 'kim@example.com', maxJobs: 50 }),
  'POST /v1/heygen/accounts/sign-in': async () => ({ maxJobs: 3 }),
  'POST /v1/heygen/tts/create': async () => ({ voice_id: VIDEO.voice_id, prompt: 'Hello there.' }),
  'POST /v1/kling/assets': async () => PNG,
  'POST /v1/kling/tts/create': async () => ({ speakerId: 'v1', text: 'Hello there.' }),
  'POST /v1/kling/videos/extend': async (world) => ({
    task_id: await endedTask(world),
    prompt: 'It goes on',
  }),
  'POST /v2/account': async () => ({ name: 'Customer 1' }),
  'POST /mcp': async () => ({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
}

/** useapi.net's creations, by the end of their operation's id. */
function klingBody(path: string): (() => Promise<unknown>) | undefined {
  const id = path
    .replace('/v1/kling/', '')
    .split(/[/-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
  const body = KLING_BODIES[id]
  return body && (async () => body)
}

/** What the parameter of a path names: something of the tenant's that is there. */
const PARAMS: [RegExp, (world: World) => Promise<string>][] = [
  [/^DELETE \/admin\/tenants\//, async ({ gateway }) => (await gateway.newToken()).tenant],
  [/ \/admin\/tokens\//, async ({ gateway }) => (await gateway.newToken()).id],
  [
    / \/admin\/routes\//,
    async ({ gateway }) => idOf(await gateway.admin('POST', '/routes', addedRoute())),
  ],
  [
    / \/admin\/alerts\//,
    async ({ gateway, receiver }) =>
      idOf(await gateway.admin('POST', '/alerts', alert(receiver.url))),
  ],
  [
    / \/v1\/alerts\//,
    async ({ gateway, receiver }) => idOf(await gateway.post('/v1/alerts', alert(receiver.url))),
  ],
  [
    /^DELETE \/v1\/heygen\/accounts\/\{email/,
    async ({ gateway }) => gateway.addAccount(`gone-${next()}`, 1),
  ],
  [/ \/v1\/heygen\/accounts\/\{email/, async () => 'ann@example.com'],
  [
    /^DELETE \/v1\/kling\/accounts\/\{email/,
    async ({ gateway }) => addKling(gateway, `gone-${next()}`, { maxJobs: 1 }),
  ],
  [/ \/v1\/kling\/accounts\/\{email/, async () => 'kim@example.com'],
  [
    / \/v1\/heygen\/accounts\/sign-in\/\{id/,
    async ({ gateway }) => idOf(await gateway.post('/v1/heygen/accounts/sign-in', { maxJobs: 3 })),
  ],
  [/ \/v1\/heygen\/jobs\/\{id\}\/file/, endedJob],
  [/ \/v1\/kling\/jobs\/\{id\}\/file/, endedTask],
  [/ \/v1\/heygen\/(jobs|scheduler|queue)\//, heygenJob],
  [/ \/v1\/kling\/(jobs|scheduler|tasks|queue)\//, klingTask],
  [/ \/v1\/deliveries\//, delivery],
  [/ \/files\//, file],
]

async function idOf(answer: Response): Promise<string> {
  const text = await answer.text()
  const { id } = JSON.parse(text) as { id?: string }
  if (id === undefined) throw new Error(`nothing was made: ${answer.status} ${text}`)
  return id
}

function addedRoute(): object {
  const path = `/v3/things-${next()}`
  return { provider: 'heygen', method: 'GET', path, kind: 'read-account' }
}

function alert(url: string): object {
  return { url: `${url}/alerts`, form: 'generic', events: ['account_parked'] }
}

async function heygenJob({ gateway }: World): Promise<string> {
  return (await gateway.createVideo()).headers.get('x-gateway-job') ?? ''
}

async function klingTask({ gateway }: World): Promise<string> {
  return (await gateway.post(T2V, TEXT2VIDEO)).headers.get('x-gateway-job') ?? ''
}

/** A job that ended, and the gateway knows it. */
async function endedJob(world: World): Promise<string> {
  const id = await heygenJob(world)
  await world.gateway.sim.finishJobs()
  await world.gateway.fetch(`/heygen/v3/videos/${id}`)
  return id
}

async function endedTask({ gateway }: World): Promise<string> {
  const body = KLING_BODIES['VideosText2video']
  const begun = await gateway.post('/v1/kling/videos/text2video', body)
  const { task } = (await begun.json()) as { task: { id: string } }
  await gateway.sim.finishJobs()
  await gateway.fetch(`/v1/kling/tasks/${task.id}`)
  return task.id
}

async function delivery({ gateway, receiver }: World): Promise<string> {
  const begun = await gateway.createVideo({ callback_url: `${receiver.url}/done` })
  const job = begun.headers.get('x-gateway-job') ?? ''
  await gateway.sim.finishJobs()
  return until(async () => {
    const page = await gateway.fetch(`/v1/deliveries?job=${job}&state=delivered`)
    return ((await page.json()) as { deliveries: { id: string }[] }).deliveries[0]?.id
  })
}

async function file({ gateway }: World): Promise<string> {
  const kept = await gateway.fetch('/v1/kling/assets', {
    method: 'POST',
    body: PNG,
    headers: { 'content-type': 'image/png' },
  })
  return ((await kept.json()) as { url: string }).url.split('/').at(-1) ?? ''
}
