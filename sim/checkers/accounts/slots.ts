/** I1: while a job runs, its account's object counts it. I2: once every job is over, every slot is back. */
import { ask, insist, type Scene } from '../../clients/scene.ts'

interface Available {
  available?: { account?: string; email?: string; executing: number }[]
}

const AVAILABLE = '/v1/heygen/scheduler/available'

/** What ends late in workerd, after the load of others, is no fault. */
const LOOKS = 6
const LOOK_AGAIN_MS = 600_000

/** Slots that tenants see held, at each of some looks. */
export async function slotsHeld(scene: Scene): Promise<string[]> {
  let held: string[] = []
  for (let n = 0; n < LOOKS; n += 1) {
    held = await slotsHeldNow(scene)
    if (held.length === 0) return []
    await scene.universe.world.sleep(LOOK_AGAIN_MS, 'slots are held')
  }
  return held
}

async function slotsHeldNow(scene: Scene): Promise<string[]> {
  const found: string[] = []
  for (const tenant of scene.tenants) {
    if (tenant.endedAt !== undefined) continue
    const { body } = await insist(scene, () => ask(scene, tenant, 'GET', AVAILABLE))
    for (const account of (JSON.parse(body) as Available).available ?? [])
      if (account.executing > 0)
        found.push(`I2 tenant ${tenant.no}: slots held at rest: ${JSON.stringify(account)}`)
  }
  return found
}

/** What was looked at last, by account: as long as it is the same, nothing can have changed. */
const looked = new WeakMap<Scene, Map<string, string>>()

/**
 * Called after each turn. A job that runs and has no lease is a slot that is given twice sooner or later, even if the account is not full
 * now.
 */
export function uncounted(scene: Scene): string[] {
  const seen = looked.get(scene) ?? new Map<string, string>()
  looked.set(scene, seen)
  return [...scene.heygen.accounts.values()].flatMap(({ email, username, inFlight }) => {
    const object = scene.universe.objects.get(`ACCOUNT_SLOTS heygen:${username}`)
    if (!object || inFlight.size === 0 || scene.dropping.has(email)) return []
    const state = `${object.disk.rows.written} ${[...inFlight].at(-1)} ${inFlight.size}`
    if (seen.get(email) === state || seen.get(email) === BROKEN) return []
    seen.set(email, state)
    const leases = object.disk.look(LEASES_LEFT)
    if (leases.length >= inFlight.size) return []
    seen.set(email, BROKEN)
    return [
      `I1 ${email}: ${inFlight.size} in flight, and ${leases.length} counted: ${[...inFlight].join(' ')}`,
    ]
  })
}

/** It is said once. */
const BROKEN = 'broken'

/** In an account's object. A row whose lease has ended has an ended job. */
export const LEASES_LEFT = 'SELECT * FROM lease WHERE id NOT IN (SELECT id FROM ended_job)'

/** Leases in any object, also of accounts that were removed. */
export function leasesLeft({ universe }: Scene): string[] {
  return universe.objectsOf('ACCOUNT_SLOTS').flatMap(({ name, disk }) => {
    const rows = disk.look(LEASES_LEFT)
    return rows.length === 0 ? [] : [`I2 ${name} has leases at rest: ${JSON.stringify(rows)}`]
  })
}
