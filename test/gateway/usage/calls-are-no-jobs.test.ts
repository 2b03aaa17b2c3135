/** A call that is answered at once holds a slot and is no job, however its slot is freed. */
import { afterAll, expect, test } from 'vitest'
import { Gate } from '../../support/gate.ts'
import { openGateway, VIDEO, type Gateway } from '../../support/gateway.ts'

const gate = await Gate.open()
const gateway = await openGateway({ vars: gate.vars })
gate.target = gateway.sim.url
afterAll(async () => {
  await gateway.dispose()
  await gate.close()
})

const SPEECH = '/v3/voices/speech'
const remove = { method: 'DELETE' }

type Freeing = (as: Gateway, email: string, call: string) => Promise<Response>

/** In a tenant of its own: speech is under way while its slot is freed. Then it is answered. */
async function freeMeanwhile(name: string, free: Freeing): Promise<Gateway> {
  const as = gateway.as((await gateway.newToken()).token)
  const email = await as.addAccount(name, 1)
  const held = gate.hold('POST', SPEECH)
  const saying = as.post(`/heygen${SPEECH}`, { text: 'Hi', voice_id: VIDEO.voice_id })
  await held.arrived
  const [call] = (await (await as.fetch('/v1/heygen/scheduler')).json()) as { id: string }[]
  const freed = await free(as, email, call?.id ?? '')
  expect(freed.status, await freed.clone().text()).toBe(204)
  held.pass()
  expect((await saying).status).toBe(200)
  return as
}

async function expectNoJob(as: Gateway): Promise<void> {
  expect(await (await as.fetch('/v1/usage')).json()).toMatchObject({ isWhole: true, rows: [] })
  expect(await (await as.fetch('/v1/heygen/jobs?state=ended')).json()).toMatchObject({ jobs: [] })
}

test('speech whose slot was freed by force is in neither the usage nor the ended jobs, and the slot is free', async () => {
  const as = await freeMeanwhile('forced', (by, _, call) =>
    by.fetch(`/v1/heygen/scheduler/${call}?force=true`, remove)
  )
  await expectNoJob(as)
  expect(await as.heldSlots()).toBe(0)
  expect((await as.createVideo()).status).toBe(200)
})

test('speech whose account was wiped meanwhile is in neither of them', async () => {
  const as = await freeMeanwhile('wiped', (by, email) =>
    by.fetch(`/v1/heygen/accounts/${email}?now=true`, remove)
  )
  await expectNoJob(as)
})
