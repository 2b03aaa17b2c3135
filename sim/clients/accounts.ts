/** Steps about accounts: limits, keys, removals, and accounts that another tenant adds. */
import type { ClientAnswer } from '../platform/isolates.ts'
import { ask, emailOf, insist, isGood, type Scene, type Tenant } from './scene.ts'

/** Longer than things go wrong. An account with an old key is asked for ever whether the key is good again. */
const KEY_TRIES = 9
const ACCOUNTS = '/v1/heygen/accounts'

/** The steps about one account come one after the other, so that the last one counts. */
export async function inTurn(
  scene: Scene,
  name: string,
  work: (email: string, holder: Tenant) => Promise<void>
): Promise<void> {
  const held = scene.accounts.get(name)
  if (!held) return
  const before = held.turn
  const mine = before.then(() => {
    const holder = scene.tenants[held.tenant]
    return holder && work(emailOf(name), holder)
  })
  held.turn = mine
  await mine
}

/** Adds an account with its key of now, for its tenant of now. */
export async function addAccount(
  scene: Scene,
  name: string,
  maxJobs = limitOf(scene, name)
): Promise<ClientAnswer> {
  const held = scene.accounts.get(name)
  const holder = held && scene.tenants[held.tenant]
  if (!held || !holder) throw new Error(`no account ${name}`)
  const email = emailOf(name)
  held.holders.add(holder.no)
  return change(scene, holder, { email, maxJobs, apiKey: held.key })
}

export async function changeLimit(scene: Scene, name: string, maxJobs: number): Promise<void> {
  await inTurn(scene, name, async (email, holder) => {
    await change(scene, holder, { email, maxJobs })
  })
}

/** A higher limit may count before its answer comes. A lower one counts for certain only when its answer has come. */
async function change(
  scene: Scene,
  holder: Tenant,
  body: { email: string; maxJobs: number; apiKey?: string }
): Promise<ClientAnswer> {
  const { heygen } = scene
  const { email, maxJobs } = body
  heygen.allow(email, Math.max(maxJobs, heygen.accounts.get(email)?.allowed ?? 0))
  const answer = await insist(scene, () => ask(scene, holder, 'POST', ACCOUNTS, body), 5)
  if (isGood(answer)) heygen.allow(email, maxJobs)
  return answer
}

function limitOf({ plan }: Scene, name: string): number {
  return plan.accounts.find((one) => one.name === name)?.maxJobs ?? 1
}

export async function removeAccount(scene: Scene, name: string, isNow: boolean): Promise<void> {
  await inTurn(scene, name, async (email, holder) => {
    if (isNow) drop(scene, email)
    if (isNow) scene.dropping.add(email)
    const path = `${ACCOUNTS}/${email}${isNow ? '?now=true' : ''}`
    await insist(scene, () => ask(scene, holder, 'DELETE', path), 5)
    if (isNow) drop(scene, email)
    scene.dropping.delete(email)
  })
}

/** Its jobs are given up, so they count no more, although they run on (docs/accounts.md). */
function drop(scene: Scene, email: string): void {
  scene.drops.push({ email, at: scene.universe.world.now })
  scene.heygen.accounts.get(email)?.inFlight.clear()
}

/** Removed by one tenant, added by another, while its jobs run. */
export async function handOver(scene: Scene, name: string, to: number): Promise<void> {
  await inTurn(scene, name, async (email, holder) => {
    const held = scene.accounts.get(name)
    const next = scene.tenants[to]
    if (!held || !next || next === holder) return
    const path = `${ACCOUNTS}/${email}`
    const removed = await insist(scene, () => ask(scene, holder, 'DELETE', path))
    if (!isGood(removed) && removed.status !== 404) return
    held.tenant = to
    await addAccount(scene, name)
  })
}

/** At HeyGen the old key ends. The tenant gives the gateway the new one a little later. */
export async function newKey(scene: Scene, name: string): Promise<void> {
  await inTurn(scene, name, async (email, holder) => {
    const held = scene.accounts.get(name)
    if (!held) return
    // With a key, an account that was removed is added.
    held.holders.add(holder.no)
    held.key = `sk_sim_${name}_${scene.universe.world.chance.hex('new keys', 16)}`
    scene.secrets.add(held.key)
    scene.heygen.changeKey(email, held.key)
    const body = { email, maxJobs: limitOf(scene, name), apiKey: held.key }
    for (let n = 0; n < KEY_TRIES; n += 1) {
      await scene.universe.world.sleep(20_000 * 2 ** n, 'before the new key is given')
      if (isGood(await change(scene, holder, body))) return
    }
  })
}

export async function unpark(scene: Scene, name: string): Promise<void> {
  await inTurn(scene, name, async (email, holder) => {
    await ask(scene, holder, 'POST', `${ACCOUNTS}/${email}/unpark`)
  })
}
