/** `npm run setup` where each of its steps fails, and with secrets that exist already. */
import { afterEach, expect, test } from 'vitest'
import { StandIn } from '../../support/wrangler/control.ts'
import { expectHidden, namesOfTokens, setup, times, tokenIn } from '../../support/wrangler/setup.ts'

let standIn: StandIn
afterEach(() => standIn.close())

test('a run that fails at any step is run again, and then ends well', async () => {
  standIn = await StandIn.open()
  const outputs: string[] = []
  const fail = async (fault: StandIn['fault'], says: RegExp) => {
    standIn.fault = fault
    const { code, output } = await setup(standIn)
    outputs.push(output)
    expect([fault, code]).toEqual([fault, 1])
    expect(output).toMatch(says)
    expectHidden(standIn)
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
  const again = await setup(standIn)
  expect([again.code, tokenIn(again.output)]).toEqual([0, ''])
  expect(again.output).toContain('run this again with ADMIN_TOKEN in the environment')
  const wrong = await setup(standIn, { ADMIN_TOKEN: 'x'.repeat(40) })
  expect([wrong.code, /refuses this ADMIN_TOKEN/.test(wrong.output)]).toEqual([1, true])
  standIn.fault = 'lost'
  const last = await setup(standIn, { ADMIN_TOKEN: stored['ADMIN_TOKEN'] ?? '' })
  expect(last.code, last.output).toBe(0)
  expect(await namesOfTokens(standIn)).toEqual(['first'])
  expect(tokenIn(last.output)).not.toBe('')
  expect(standIn.deployed).toMatchObject({ secrets: stored, vars: { PUBLIC_ORIGIN: standIn.url } })
  const all = [...outputs, again.output, wrong.output, last.output].join('\n')
  for (const secret of Object.values(stored)) expect(times(all, secret)).toBe(1)
})

test('secrets of the environment are used and not shown', async () => {
  standIn = await StandIn.open()
  const MASTER_KEYS = `old:${btoa('0123456789abcdef0123456789abcdeg')}`
  const { code, output } = await setup(standIn, { MASTER_KEYS })
  expect(code, output).toBe(0)
  expect(standIn.deployed?.secrets['MASTER_KEYS']).toBe(MASTER_KEYS)
  expect(output).not.toContain(MASTER_KEYS)
  expectHidden(standIn)
})
