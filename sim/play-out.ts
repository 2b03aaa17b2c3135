/** Plays a plan until nothing is owed any more: sets up, storms, is calm, and waits. In the simulation and in workerd. */
import { CALM, ORIGIN } from './platform/universe.ts'
import type { Plan } from './plans/plan.ts'
import { CALM_HEYGEN } from './witness/books.ts'
import { leftInLine } from './checkers/line/promises.ts'
import { untoldNow } from './checkers/telling.ts'
import { act } from './steps/act.ts'
import type { Scene, Tenant } from './clients/scene.ts'
import { setUp } from './clients/set-up.ts'

const HOUR_MS = 3_600_000
const LOOK_MS = 5000

export async function playOut(scene: Scene): Promise<void> {
  const { plan, universe, heygen, kling, receivers } = scene
  const { world } = universe
  await setUp(scene)
  const began = world.now
  universe.setRates(plan.rates)
  heygen.rates = plan.heygen
  heygen.events.rates = plan.heygen
  kling.rates = plan.heygen
  receivers.mendAt = began + plan.rageMs + HOUR_MS
  const calm = world.sleep(plan.rageMs, 'calm').then(() => {
    scene.calmAt = world.now
    universe.renew()
    universe.setRates(CALM)
    heygen.rates = { ...CALM_HEYGEN, jobMs: plan.heygen.jobMs, rowsMax: plan.heygen.rowsMax ?? 100 }
    heygen.events.rates = CALM_HEYGEN
    kling.rates = heygen.rates
    for (const account of heygen.accounts.values()) account.isRefused = false
  })
  await Promise.all([calm, plan.isInTurn === true ? inTurn(scene) : together(scene, plan)])
  await over(scene, 60_000)
  await lineOver(scene)
  scene.answersOfSteps = scene.answers.length
  await universe.rest(() => owedNow(scene))
}

async function together(scene: Scene, { steps }: Plan): Promise<void> {
  const { world } = scene.universe
  await Promise.all(
    steps.map(async ({ after, action }) => {
      await world.sleep(after, `step ${action.do}`)
      await act(scene, action)
    })
  )
}

async function inTurn(scene: Scene): Promise<void> {
  const { world } = scene.universe
  for (const { action } of scene.plan.steps) {
    await act(scene, action)
    await over(scene, LOOK_MS)
    const latest = world.now + HOUR_MS
    while (world.now < latest && (await owedNow(scene))) await world.sleep(LOOK_MS, 'in turn')
  }
}

/** The providers' jobs are over, and their events were sent. */
async function over({ heygen, kling, universe: { world } }: Scene, lookMs: number): Promise<void> {
  const isOpen = () =>
    heygen.running.length + kling.running.length + heygen.events.open + kling.open
  while (isOpen() > 0) await world.sleep(lookMs, 'wait')
}

/** What waits may wait for seven days, and then run. */
const LINE_MS = 8 * 24 * HOUR_MS

async function lineOver(scene: Scene): Promise<void> {
  const { world } = scene.universe
  const latest = world.now + LINE_MS
  while (scene.plan.hasLine === true && world.now < latest && leftInLine(scene).length > 0)
    await world.sleep(HOUR_MS, 'the line')
  await over(scene, 60_000)
}

/** Whether the gateway still owes anything, as far as clients can see. No promise: it only says when to look at the promises. */
async function owedNow(scene: Scene): Promise<boolean> {
  const { plan } = scene
  if (untoldNow(scene)) return true
  for (const tenant of scene.tenants) {
    if (tenant.endedAt !== undefined) continue
    const slots = (await read(scene, tenant, '/v1/heygen/scheduler/available')) as {
      available?: { executing: number }[]
    }
    if (slots.available?.some(({ executing }) => executing > 0) !== false) return true
    const owed = (await read(scene, tenant, '/v1/deliveries?state=pending&limit=1')) as {
      deliveries?: unknown[]
    }
    if (owed.deliveries?.length !== 0) return true
    if (plan.isCompared === true && plan.hasLine === true && (await isInLine(scene, tenant)))
      return true
  }
  return false
}

/** Where the tables of the desks cannot be read, the list of the queue says what waits. */
async function isInLine(scene: Scene, tenant: Tenant): Promise<boolean> {
  const line = (await read(scene, tenant, '/v1/heygen/queue?limit=1')) as Record<string, number>
  return line['waiting'] !== 0 || line['starting'] !== 0
}

/** The answer is not kept, since it was no client who asked. */
async function read({ universe }: Scene, { token }: Tenant, path: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` }
  const { status, body } = await universe.call({ method: 'GET', url: ORIGIN + path, headers })
  return status === 200 ? (JSON.parse(body) as unknown) : {}
}
