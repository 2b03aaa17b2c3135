import { afterAll, expect, test } from 'vitest'
import { setClaims, SLOW_CLAIMS, Tenant } from '../../support/scenes/claims.ts'
import { openGateway } from '../../support/gateway.ts'

const RACES = 200
const gateway = await openGateway({ entry: SLOW_CLAIMS, simVars: { JOB_MS: '600000' } })
afterAll(() => gateway.dispose())

test('two tenants race for one account with slow answers, 200 times: one owner, always [I5]', async () => {
  const tenants = [await Tenant.open(gateway), await Tenant.open(gateway)] as const
  const [ana, ben] = tenants
  const kinds: Record<string, number> = {}
  for (let race = 0; race < RACES; race += 1) {
    const key = `race${race}`
    const email = `${key}@example.com`
    await gateway.sim.addAccount(email, `sk_test_${key}`)
    // Every fourth is had by one who lets it go, every fourth is wanted under several emails.
    const isLeaving = race % 4 === 1
    const isManifold = race % 4 === 2
    if (isLeaving) await ana.add(key)
    await setClaims(gateway, { drawMs: 5 * (1 + (race % 8)) })
    const calls = isLeaving
      ? [ana.remove(email), ben.add(key), ana.add(key)]
      : [ana.add(key), ben.add(key), ...(isManifold ? [ben.add(key, `other-${email}`)] : [])]
    const answers = await Promise.all(calls)
    await setClaims(gateway)
    const owners = (await Promise.all(tenants.map((tenant) => tenant.emails())))
      .flat()
      .filter((one) => one.endsWith(email))
    const story = `${race}: ${answers.join(' ')} ${owners.join(' ')}`
    if (isLeaving) expect(owners.length, story).toBeLessThanOrEqual(1)
    else expect([owners.length, answers.filter((one) => one === 201).length], story).toEqual([1, 1])
    const kind = answers.join(' ')
    kinds[kind] = (kinds[kind] ?? 0) + 1
    for (const tenant of tenants)
      for (const one of [email, `other-${email}`]) await tenant.remove(one)
  }
  console.log(JSON.stringify(kinds))
}, 300_000)
