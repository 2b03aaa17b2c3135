/**
 * The workflows in examples/n8n, run node by node against a gateway. n8n itself is not run: this test knows the few kinds of nodes
 * that the workflows have, as n8n describes them.
 */
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { afterAll, expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { Receiver, type Received } from '../../support/receiver.ts'
import { openHooked } from '../../support/scenes/hooked.ts'

interface Node {
  name: string
  type: string
  parameters: Record<string, unknown>
  retryOnFail?: boolean
}
interface Workflow {
  nodes: Node[]
  connections: Record<string, { main: { node: string }[][] }>
}
type Json = Record<string, unknown>
/** An item, and the bytes that came with it. */
interface Item {
  json: Json
  bytes?: Buffer
}

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())
const gateway = await openHooked(open, { accounts: { one: 3 } })

function workflowOf(file: string): Workflow {
  return JSON.parse(readFileSync(`examples/n8n/${file}`, 'utf8')) as Workflow
}

/** What a person sets after the import. */
function set(workflow: Workflow, shown: string, value: string): Workflow {
  const text = JSON.stringify(workflow)
  expect(text).toContain(shown)
  return JSON.parse(text.replaceAll(shown, value)) as Workflow
}

interface Run {
  /** The names of the nodes, in the order in which they ran. */
  names: string[]
  last: Item
}

class Runner {
  readonly #items = new Map<string, Item>()
  readonly #workflow: Workflow
  readonly #onWait: () => Promise<void>
  /** The calls of HTTP Request nodes. */
  readonly calls: { node: Node; method: string; url: string; headers: Headers; status: number }[] =
    []

  constructor(workflow: Workflow, onWait: () => Promise<void> = async () => undefined) {
    this.#workflow = workflow
    this.#onWait = onWait
  }

  async run(first: string, item: Item): Promise<Run> {
    const names: string[] = []
    let [name, current]: [string | undefined, Item] = [first, item]
    while (name !== undefined) {
      names.push(name)
      if (names.length > 30) throw new Error(`it goes round and round: ${names.join(', ')}`)
      const node = this.#workflow.nodes.find((one) => one.name === name)
      if (!node) throw new Error(`no node ${name}`)
      const { output, made } = await this.#runNode(node, current)
      this.#items.set(name, made)
      current = made
      name = this.#workflow.connections[name]?.main[output]?.[0]?.node
    }
    return { names, last: current }
  }

  #value(text: unknown, { json }: Item): unknown {
    if (typeof text !== 'string' || !text.startsWith('=')) return text
    const scope = {
      $json: json,
      $: (name: string) => ({ item: this.#items.get(name) }),
      $execution: { id: '7' },
      $itemIndex: 0,
    }
    return text
      .slice(1)
      .replaceAll(/\{\{(.+?)\}\}/g, (_, code: string) => String(runInNewContext(code, scope)))
  }

  async #runNode(node: Node, item: Item): Promise<{ output: number; made: Item }> {
    const { parameters } = node
    const done = (made: Item, output = 0) => ({ output, made })
    switch (node.type.replace('n8n-nodes-base.', '')) {
      case 'manualTrigger':
      case 'webhook':
        return done(item)
      case 'removeDuplicates':
        expect(this.#value(parameters['dedupeValue'], item)).toMatch(/^evt_/)
        return done(item)
      case 'wait':
        await this.#onWait()
        return done(item)
      case 'set': {
        const { assignments } = parameters['assignments'] as {
          assignments: { name: string; value: string }[]
        }
        const pairs = assignments.map(({ name, value }) => [name, this.#value(value, item)])
        return done({ json: Object.fromEntries(pairs) as Json })
      }
      case 'if': {
        const [{ leftValue, rightValue } = {}] = (
          parameters['conditions'] as { conditions: { leftValue?: string; rightValue?: string }[] }
        ).conditions
        const isSame = this.#value(leftValue, item) === this.#value(rightValue, item)
        return done(item, isSame ? 0 : 1)
      }
      case 'crypto': {
        const { type, secret, dataPropertyName } = parameters as Record<string, string>
        const made = createHmac(String(type), String(secret)).update(item.bytes ?? '')
        return done({ json: { ...item.json, [String(dataPropertyName)]: made.digest('hex') } })
      }
      case 'stopAndError':
        return done({ json: { error: this.#value(parameters['errorMessage'], item) } })
      case 'httpRequest':
        return done(await this.#send(node, item))
      default:
        throw new Error(`a node of type ${node.type}`)
    }
  }

  async #send(node: Node, item: Item): Promise<Item> {
    const { method, url, authentication, headerParameters, jsonBody } = node.parameters as {
      method: string
      url: string
      authentication?: string
      headerParameters?: { parameters: { name: string; value: string }[] }
      jsonBody?: string
    }
    const headers = new Headers()
    if (authentication !== undefined) headers.set('X-Api-Key', gateway.token)
    for (const one of headerParameters?.parameters ?? [])
      headers.set(one.name, String(this.#value(one.value, item)))
    const body = jsonBody === undefined ? undefined : String(this.#value(jsonBody, item))
    if (body !== undefined) headers.set('Content-Type', 'application/json')
    const to = String(this.#value(url, item))
    const answer = await fetch(to, { method, headers, ...(body === undefined ? {} : { body }) })
    this.calls.push({ node, method, url: to, headers, status: answer.status })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const isJson = answer.headers.get('content-type')?.includes('json')
    return isJson ? { json: JSON.parse(bytes.toString()) as Json } : { json: {}, bytes }
  }
}

test('every connection of a workflow leads to a node that is there, and ids differ', () => {
  for (const file of ['make-a-video.json', 'receive-a-webhook.json']) {
    const { nodes, connections } = workflowOf(file)
    const names = nodes.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    const linked = Object.entries(connections).flatMap(([from, { main }]) => [
      from,
      ...main.flat().map(({ node }) => node),
    ])
    expect(linked.filter((name) => !names.includes(name))).toEqual([])
    expect(names.filter((name) => !linked.includes(name))).toEqual([])
  }
})

test('the workflow of a video creates it once, asks until it is ready and downloads it', async () => {
  const workflow = set(workflowOf('make-a-video.json'), 'https://YOUR-GATEWAY', gateway.url)
  let waits = 0
  const runner = new Runner(workflow, async () => {
    waits += 1
    if (waits === 2) await gateway.sim.finishJobs()
  })
  const { names, last } = await runner.run('Start', { json: {} })
  expect(names.filter((name) => name === 'Create video')).toHaveLength(1)
  expect(names.filter((name) => name === 'Get video')).toHaveLength(2)
  expect(names.at(-1)).toBe('Download')
  expect(last.bytes?.length).toBeGreaterThan(100)
  expect(runner.calls.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  const [creation, ...others] = runner.calls
  expect(creation?.headers.get('prefer')).toBe('wait=30')
  expect(creation?.headers.get('idempotency-key')).toBe('n8n-7-0')
  expect(creation?.node.retryOnFail).toBe(true)
  // The link is the provider's: it must not get the token.
  expect(others.at(-1)?.headers.get('x-api-key')).toBeNull()
  expect(others.at(-1)?.url.startsWith(gateway.url)).toBe(false)
})

test('the workflow of a video ends with the reason when the video fails', async () => {
  const workflow = set(workflowOf('make-a-video.json'), 'https://YOUR-GATEWAY', gateway.url)
  // Another execution: the id in its key is another one.
  const other = set(workflow, '$execution.id', "'8'")
  const runner = new Runner(other, async () => {
    const [id] = ((await gateway.sim.state()).jobs ?? [])
      .filter(({ status }) => !['completed', 'failed'].includes(status))
      .map((job) => job.id)
    await gateway.sim.control('POST', `/jobs/${id}`, { status: 'failed', message: 'No face.' })
  })
  const { names, last } = await runner.run('Start', { json: {} })
  expect(names.at(-1)).toBe('Failed')
  expect(last.json['error']).toBe('The video failed: No face.')
})

function itemOf({ headers, body }: Received, changed = body): Item {
  return { json: { headers, body: JSON.parse(changed) as Json }, bytes: Buffer.from(changed) }
}

test('the workflow of a webhook takes what the gateway signed, and stops at anything else [I3]', async () => {
  const made = await gateway.fetch('/v1/callback-secret', { method: 'POST' })
  const { secret } = (await made.json()) as { secret: string }
  const created = await gateway.createVideo({ callback_url: `${receiver.url}/n8n` })
  const id = created.headers.get('x-gateway-job')
  await gateway.sim.finishJobs()
  const [call] = await receiver.heard('/n8n')
  if (!call) throw new Error('no delivery')
  const workflow = set(workflowOf('receive-a-webhook.json'), 'whsec_YOUR-CALLBACK-SECRET', secret)
  const run = (item: Item) => new Runner(workflow).run('Webhook', item)
  const { names, last } = await run(itemOf(call))
  expect(names.at(-1)).toBe('Event')
  expect(last.json).toMatchObject({ type: 'avatar_video.success', video_id: id })
  const forged = itemOf(call, call.body.replace(String(id), 'forged'))
  expect((await run(forged)).names.at(-1)).toBe('Refused')
  const { signature: _signature, ...unsigned } = call.headers
  expect((await run(itemOf({ ...call, headers: unsigned }))).names.at(-1)).toBe('Refused')
})
