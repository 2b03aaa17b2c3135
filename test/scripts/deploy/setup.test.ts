/** `npm run setup` with a stand-in for wrangler: what it asks, what it says, and the real Worker that it deploys. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { StandIn } from '../../support/wrangler/control.ts'

vi.setConfig({ testTimeout: 60_000 })

let standIn: StandIn
afterEach(() => standIn.close())

async function setup(
  env: Record<string, string> = {},
  ...args: string[]
): Promise<{ code: number; output: string }> {
  const all = [
    'scripts/setup.ts',
    '--config',
    standIn.config,
    '--wait',
    standIn.fault === 'silent' ? '0' : '60',
    ...args,
  ]
  const child = spawn(process.execPath, all, { env: { ...standIn.env, ...env } })
  let output = ''
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (output += piece.toString()))
  const code = await new Promise<number>((resolve) =>
    child.once('close', (ended) => resolve(ended ?? 1))
  )
  return { code, output }
}

const tokenIn = (output: string) => /hgw_[\w-]{51}/.exec(output)?.[0] ?? ''
const times = (text: string, part: string) => text.split(part).length - 1

/** No secret of the Worker was given to wrangler as an argument or in its environment, and none is left in a file. */
function expectHidden(): void {
  const secrets = Object.values(standIn.deployed?.secrets ?? {})
  for (const { args, env, mode } of standIn.asked) {
    for (const secret of secrets) expect(JSON.stringify([args, env])).not.toContain(secret)
    if (mode !== undefined) expect(mode).toBe(0o600)
  }
  expect(standIn.leftBehind()).toEqual([])
  for (const secret of secrets) expect(readFileSync(standIn.config, 'utf8')).not.toContain(secret)
}

function fetchTokens(): Promise<Response> {
  const authorization = `Bearer ${standIn.deployed?.secrets['ADMIN_TOKEN']}`
  return fetch(`${standIn.url}/admin/tokens`, { headers: { authorization } })
}

test('the first run deploys a gateway that works and shows each secret once; a second changes none and makes no second token [I6]', async () => {
  standIn = await StandIn.open()
  const first = await setup({}, '--name', 'video-gateway')
  expect(first.code, first.output).toBe(0)
  const { ADMIN_TOKEN = '', MASTER_KEYS = '' } = standIn.deployed?.secrets ?? {}
  for (const secret of [ADMIN_TOKEN, MASTER_KEYS, tokenIn(first.output)])
    expect(times(first.output, secret)).toBe(1)
  expect(first.output).toContain(`${standIn.url}/dashboard`)
  expect(standIn.namespaces).toMatchObject([{ title: 'video-gateway-registry' }])
  const before = { ...standIn.deployed }
  expect(before).toMatchObject({ vars: { PUBLIC_ORIGIN: standIn.url } })
  const headers = { authorization: `Bearer ${tokenIn(first.output)}` }
  const listed = await fetch(`${standIn.url}/v1/heygen/accounts`, { headers })
  expect(await listed.text()).toContain('Configuration not found')
  expectHidden()
  const config = readFileSync(standIn.config, 'utf8')
  expect(config).toMatch(/^name = "video-gateway"$/m)

  standIn.asked.splice(0)
  const second = await setup({ ADMIN_TOKEN })
  expect(second.code, second.output).toBe(0)
  expect(second.output).toContain('There is a token already')
  expect(second.output).not.toMatch(/hgw_|k1:/)
  expect(standIn.deployed).toEqual(before)
  expect(readFileSync(standIn.config, 'utf8')).toBe(config)
  expect(standIn.asked.filter(({ args }) => args[0] === 'deploy')).toHaveLength(1)
  expectHidden()
  expect(((await (await fetchTokens()).json()) as { tokens: object[] }).tokens).toHaveLength(1)
})

test('a run that fails at any step is run again, and then ends well', async () => {
  standIn = await StandIn.open()
  const outputs: string[] = []
  const fail = async (fault: StandIn['fault'], says: RegExp) => {
    standIn.fault = fault
    const { code, output } = await setup()
    outputs.push(output)
    expect([fault, code]).toEqual([fault, 1])
    expect(output).toMatch(says)
    expectHidden()
    standIn.fault = undefined
  }
  await fail('logged-out', /npx wrangler login/)
  expect(outputs[0]).not.toContain('k1:')
  await fail('after-namespace', /wrangler deploy failed/)
  await fail('after-upload', /wrangler deploy failed/)
  const stored = { ...standIn.deployed?.secrets }
  expect(standIn.namespaces).toHaveLength(1)
  await fail('second-deploy', /wrangler deploy failed/)
  standIn.deployed = standIn.deployed && { ...standIn.deployed, vars: { PUBLIC_ORIGIN: '' } }
  await fail('silent', /\/healthz does not answer 200/)
  const again = await setup()
  expect([again.code, tokenIn(again.output)]).toEqual([0, ''])
  expect(again.output).toContain('run this again with ADMIN_TOKEN in the environment')
  const wrong = await setup({ ADMIN_TOKEN: 'x'.repeat(40) })
  expect([wrong.code, /refuses this ADMIN_TOKEN/.test(wrong.output)]).toEqual([1, true])
  standIn.fault = 'lost'
  const last = await setup({ ADMIN_TOKEN: stored['ADMIN_TOKEN'] ?? '' })
  expect(last.code, last.output).toBe(0)
  const { tokens } = (await (await fetchTokens()).json()) as { tokens: { name: string }[] }
  expect(tokens).toMatchObject([{ name: 'first' }])
  expect(tokenIn(last.output)).not.toBe('')
  expect(standIn.deployed).toMatchObject({ secrets: stored, vars: { PUBLIC_ORIGIN: standIn.url } })
  const all = [...outputs, again.output, wrong.output, last.output].join('\n')
  for (const secret of Object.values(stored)) expect(times(all, secret)).toBe(1)
})

test('secrets of the environment are used and not shown', async () => {
  standIn = await StandIn.open()
  const MASTER_KEYS = `old:${btoa('0123456789abcdef0123456789abcdeg')}`
  const { code, output } = await setup({ MASTER_KEYS })
  expect(code, output).toBe(0)
  expect(standIn.deployed?.secrets['MASTER_KEYS']).toBe(MASTER_KEYS)
  expect(output).not.toContain(MASTER_KEYS)
  expectHidden()
})
