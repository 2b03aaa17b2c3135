/** The clients in examples/ as a user runs them, behind a door that refuses once and loses an answer. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'

const open = gatewaysOfFile()
const gateway = await open({ accounts: { one: 3 }, simVars: { JOB_MS: '500' } })
const folder = mkdtempSync(path.join(tmpdir(), 'heygen-gateway-client-'))

/** What the clients sent, and what the next creations get. */
const creations: Record<string, string>[] = []
let plan: ('refuse' | 'lose' | 'unknown')[] = []

/** Passes calls on. The first creation is refused, the answer to the second is lost. */
const door = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const isCreation = request.method === 'POST'
  if (isCreation) creations.push(request.headers as Record<string, string>)
  const next = isCreation ? plan.shift() : undefined
  if (next === 'refuse') return refuse(response, 429, 'slots_full', { 'retry-after': '1' })
  if (next === 'unknown') return refuse(response, 424, 'outcome_unknown', { 'x-request-id': 'r1' })
  const { 'x-api-key': key = '', 'idempotency-key': once, prefer } = request.headers
  const answer = await fetch(`${gateway.url}${request.url}`, {
    method: request.method ?? 'GET',
    headers: {
      'x-api-key': String(key),
      'content-type': 'application/json',
      ...(once === undefined ? {} : { 'idempotency-key': String(once) }),
      ...(prefer === undefined ? {} : { prefer: String(prefer) }),
    },
    ...(isCreation ? { body: Buffer.concat(chunks) } : {}),
  })
  const body = Buffer.from(await answer.arrayBuffer())
  if (next === 'lose') return response.destroy()
  return response.writeHead(answer.status, { 'content-type': 'application/json' }).end(body)
})
await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
afterAll(() => {
  door.closeAllConnections()
  door.close()
  rmSync(folder, { recursive: true, force: true })
})

function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  more: Record<string, string>
): void {
  response.writeHead(status, { 'x-gateway-error': code, ...more }).end('{}')
}

async function run(program: string, file: string): Promise<{ code: number | null; said: string }> {
  const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`
  const env = { ...process.env, BASE_URL: url, TOKEN: gateway.token }
  const child = spawn(program, [path.resolve(file)], { cwd: folder, env })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (said += String(chunk)))
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { code, said }
}

/** The Python examples need Python 3.9. A machine without it tests those for Node alone. */
const python = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'])
const CLIENTS = [
  ['examples/node-client.mjs', process.execPath],
  ...(python.status === 0 ? [['examples/python_client.py', 'python3']] : []),
] as [string, string][]

test.each(CLIENTS)(
  '%s makes one video and saves it, although it is refused once and one answer is lost',
  async (file, program) => {
    plan = ['refuse', 'lose']
    creations.length = 0
    const { jobsStarted } = await gateway.sim.account('one@example.com')
    const { code, said } = await run(program, file)
    expect(code, said).toBe(0)
    const [, id] = /^Video (\w+)$/m.exec(said) ?? []
    expect(readdirSync(folder)).toContain(`${id}.mp4`)
    expect((await gateway.sim.account('one@example.com')).jobsStarted).toBe(jobsStarted + 1)
    expect(creations).toHaveLength(3)
    expect(new Set(creations.map((headers) => headers['idempotency-key'])).size).toBe(1)
    expect(creations[0]?.['prefer']).toBe('wait=30')
  }
)

test.each(CLIENTS)(
  '%s never repeats a creation whose outcome is unknown, and says where to ask',
  async (file, program) => {
    plan = ['unknown']
    creations.length = 0
    const { code, said } = await run(program, file)
    expect([code, creations.length]).toEqual([1, 1])
    expect(said).toContain('GET /v1/heygen/jobs/r1')
  }
)
