/** Every row that may be asked about under its key, at a HeyGen that looks at the key first and has no list to look in. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { heygen } from '#providers/heygen/index.ts'
import { bodyOf, CATALOGUE, pathOf } from '../../support/catalogue/catalogue.ts'
import { openGateway, type Gateway } from '../../support/gateway.ts'

let gateway: Gateway
let accounts = 0
beforeAll(async () => {
  gateway = await openGateway({ timeScale: 10, simVars: { JOB_MS: '-1' } })
})
afterAll(() => gateway.dispose())

const ASKED = heygen.routes.table.filter((route) => route.keyProbe && route.job)

test.each(ASKED.map((route) => ({ name: `${route.method} ${route.path}` })))(
  '$name: a lost answer is given for certain, and its creation is made once',
  async ({ name }) => {
    const row = CATALOGUE.find((one) => `${one.method} ${one.path}` === name)
    if (!row) throw new Error(`no row ${name}`)
    await gateway.sim.clearFaults()
    accounts += 1
    const email = await gateway.addAccount(`asked${accounts}`, 10, { examples: true })
    const before = (await gateway.sim.account(email)).jobsStarted
    await gateway.sim.fault({ match: { method: 'GET' }, effect: { status: 404 } })
    await gateway.sim.fault({
      match: { method: 'POST', path: row.path },
      times: 1,
      effect: { reset: 'after' },
    })
    const body = await bodyOf(row)
    const answer = await gateway.fetch(`/heygen${pathOf(row)}`, {
      method: 'POST',
      headers: {
        'content-type': body?.contentType ?? '',
        'x-gateway-account': email,
      },
      body: body?.bytes ?? null,
    })
    expect(answer.status, await answer.clone().text()).toBe(200)
    expect(answer.headers.get('x-gateway-job')).toBeTruthy()
    const after = (await gateway.sim.account(email)).jobsStarted
    expect(after - before).toBeGreaterThan(0)
  }
)
