/** An agent that speaks MCP in one of its revisions: looks, makes a video, waits for it, comes back after its connection broke. */
import type { Revision } from '../plans/plan.ts'
import { isGood, send, type Scene, type Tenant } from '../clients/scene.ts'
import type { ClientAnswer } from '../platform/isolates.ts'

interface Agent {
  scene: Scene
  tenant: Tenant
  revision: Revision
}

const META = 'io.modelcontextprotocol'

interface RpcAnswer {
  error?: { code: number; message: string }
  result?: { structuredContent?: Record<string, unknown>; isError?: boolean; tools?: unknown[] }
}

export async function workAsAgent(
  scene: Scene,
  tenant: Tenant,
  { mark, revision }: { mark: string; revision: Revision }
): Promise<void> {
  const agent: Agent = { scene, tenant, revision }
  const isModern = revision === '2026-07-28'
  const greeting = { protocolVersion: revision, capabilities: {}, clientInfo: { name: 'sim' } }
  await say(agent, isModern ? 'server/discover' : 'initialize', isModern ? {} : greeting)
  if (!isModern) await say(agent, 'ping')
  const listed = await say(agent, 'tools/list')
  // A tenant that was removed meanwhile hears so.
  if (listed?.result && (listed.result.tools?.length ?? 0) < 5)
    scene.violations.push(`mcp: few tools: ${JSON.stringify(listed).slice(0, 200)}`)
  await wrong(agent)
  for (const name of ['list_accounts', 'pool_health', 'list_jobs', 'list_avatars', 'list_voices'])
    await call(agent, name, {})
  await call(agent, 'list_jobs', { state: 'ended', limit: 2 })
  scene.intentions.set(mark, {
    ...{ mark, kind: 'video', tenant: tenant.no, isUntracked: false, answers: ['cut'] },
    ...{ requestIds: [], jobIds: [], views: [], bodies: [], isRewritten: true },
  })
  const made = await call(agent, 'make_video', {
    ...{ script: `Hello from ${mark} .`, avatar_id: 'shared-id', voice_id: 'shared-id' },
  })
  const id = made?.result?.structuredContent?.['job_id']
  if (typeof id !== 'string') return
  scene.intentions.get(mark)?.jobIds.push(id)
  await call(agent, 'get_job', { job_id: id })
  await waitFor(agent, id)
}

/** What no agent should send is refused with words, and changes nothing. */
async function wrong(agent: Agent): Promise<void> {
  const { scene, tenant } = agent
  const answers = [
    await call(agent, 'no_such_tool', {}),
    await call(agent, 'get_job', { job_id: 7, more: true }),
    await call(agent, 'list_jobs', { limit: 100_000 }),
    await call(agent, 'list_jobs', { state: 'nonsense' }),
  ]
  const taken = answers.find((one) => one && !one.error && one.result?.isError !== true)
  if (taken) scene.violations.push(`mcp: taken: ${JSON.stringify(taken).slice(0, 200)}`)
  const bodies = ['not json', '[]', '{"jsonrpc":"1.0"}', '{"jsonrpc":"2.0","id":1}']
  for (const body of [...bodies, '{"jsonrpc":"2.0","id":{},"method":"ping"}']) {
    const answer = await send(scene, tenant, { method: 'POST', path: '/mcp', body })
    if (isGood(answer)) scene.violations.push(`mcp: ${body} is answered ${answer.status}`)
  }
  const notice = '{"jsonrpc":"2.0","method":"notifications/initialized"}'
  await send(scene, tenant, { method: 'POST', path: '/mcp', body: notice })
  await send(scene, tenant, { method: 'GET', path: '/mcp' })
}

/** Waits twice: with an event stream that is read to its end, and again from its last event. */
async function waitFor(agent: Agent, id: string): Promise<void> {
  const { scene, tenant, revision } = agent
  const answer = await post(agent, 'tools/call', {
    ...{ name: 'wait_for_job', arguments: { job_id: id, max_seconds: 60 } },
    _meta: { progressToken: 'p1' },
  })
  const ids = [...answer.body.matchAll(/^id: (\S+)$/gm)].map(([, one]) => one ?? '')
  const last = ids.at(-1)
  if (last === undefined || revision === '2026-07-28') return
  const resumed = await send(scene, tenant, {
    ...{ method: 'GET', path: '/mcp' },
    headers: { accept: 'text/event-stream', 'last-event-id': last, ...versionOf(revision) },
  })
  if (isGood(resumed) && !resumed.body.includes('"result"'))
    scene.violations.push(`mcp: a resumed wait has no result: ${resumed.body.slice(-200)}`)
}

function call(agent: Agent, name: string, given: object): Promise<RpcAnswer | undefined> {
  return say(agent, 'tools/call', { name, arguments: given })
}

async function say(
  agent: Agent,
  method: string,
  params: object = {}
): Promise<RpcAnswer | undefined> {
  const { status, body } = await post(agent, method, params)
  if (status === 'cut' || status >= 500) return undefined
  const text = body.startsWith('{') ? body : (/^data: (\{.*"result".*\})$/m.exec(body)?.[1] ?? '{}')
  return JSON.parse(text) as RpcAnswer
}

function post(agent: Agent, method: string, params: object): Promise<ClientAnswer> {
  const { scene, tenant, revision } = agent
  const isModern = revision === '2026-07-28'
  const { _meta: meta = {}, ...rest } = params as { _meta?: object; name?: string }
  const modern = { [`${META}/protocolVersion`]: revision, [`${META}/clientCapabilities`]: {} }
  const told = { ...rest, _meta: { ...meta, ...(isModern ? modern : {}) } }
  return send(scene, tenant, {
    ...{ method: 'POST', path: '/mcp' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: told }),
    headers: {
      ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      ...(method === 'initialize' ? {} : versionOf(revision)),
      ...(isModern ? { 'mcp-method': method } : {}),
      ...(isModern && rest.name !== undefined ? { 'mcp-name': rest.name } : {}),
    },
  })
}

function versionOf(revision: Revision): Record<string, string> {
  return { 'mcp-protocol-version': revision }
}
