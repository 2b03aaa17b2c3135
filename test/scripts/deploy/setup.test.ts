/** `npm run setup` with a stand-in for wrangler: what it asks, what it says, and the real Worker that it deploys. */
import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { StandIn } from '../../support/wrangler/control.ts'
import { expectHidden, namesOfTokens, setup, times, tokenIn } from '../../support/wrangler/setup.ts'

let standIn: StandIn
afterEach(() => standIn.close())

test('the first run deploys a gateway that works and shows each secret once; a second changes none and makes no second token [I6]', async () => {
  standIn = await StandIn.open()
  const first = await setup(standIn, {}, '--name', 'video-gateway')
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
  expectHidden(standIn)
  const config = readFileSync(standIn.config, 'utf8')
  expect(config).toMatch(/^name = "video-gateway"$/m)

  standIn.asked.splice(0)
  const second = await setup(standIn, { ADMIN_TOKEN })
  expect(second.code, second.output).toBe(0)
  expect(second.output).toContain('There is a token already')
  expect(second.output).not.toMatch(/hgw_|k1:/)
  expect(standIn.deployed).toEqual(before)
  expect(readFileSync(standIn.config, 'utf8')).toBe(config)
  expect(standIn.asked.filter(({ args }) => args[0] === 'deploy')).toHaveLength(1)
  expectHidden(standIn)
  expect(await namesOfTokens(standIn)).toEqual(['first'])
})

test('a run that failed after the secrets were stored is run again with the operator’s token, and makes the first token', async () => {
  standIn = await StandIn.open()
  standIn.fault = 'after-upload'
  const failed = await setup(standIn)
  expect([failed.code, tokenIn(failed.output)]).toEqual([1, ''])
  expect(failed.output).toContain('Run it again')
  standIn.fault = undefined
  const stored = { ...standIn.deployed?.secrets }
  const again = await setup(standIn, { ADMIN_TOKEN: stored['ADMIN_TOKEN'] ?? '' })
  expect(again.code, again.output).toBe(0)
  expect(await namesOfTokens(standIn)).toEqual(['first'])
  expect(tokenIn(again.output)).not.toBe('')
  expect(standIn.deployed?.secrets).toEqual(stored)
  for (const secret of Object.values(stored))
    expect(times(failed.output + again.output, secret)).toBe(1)
  expectHidden(standIn)
})
