/** I2, the rest of it: once nothing is owed, every object sleeps. It wakes only to delete old rows, and calls nobody. */
import type { HostedObject } from '../../platform/objects.ts'
import type { Scene } from '../../clients/scene.ts'

const DAY_MS = 86_400_000
const DAYS = 2
/** Old rows, and the daily question which older calls an account has. */
export const RINGS_A_DAY = 3

/** The checkers before this one have asked questions, whose rows and copies are looked at once more. */
const SETTLED_MS = 2 * 3_600_000

export async function awake(scene: Scene): Promise<string[]> {
  const { universe } = scene
  await universe.world.sleep(SETTLED_MS, 'after the questions of the checkers')
  const before = new Map([...universe.objects].map(([name, one]) => [name, one.rings]))
  await universe.world.sleep(DAYS * DAY_MS, 'watch the sleepers')
  return [...universe.objects].flatMap(([name, object]) => {
    const woken = object.rings - (before.get(name) ?? 0)
    return woken > DAYS * RINGS_A_DAY && woken > DAYS * (RINGS_A_DAY + signedIn(object))
      ? [`I2 ${name} woke ${woken} times in ${DAYS} days`]
      : []
  })
}

/** The daily question needs a new token of each account that is signed in. Its desk writes that to KV, and an alarm makes sure of it. */
function signedIn({ name, disk }: HostedObject): number {
  if (!name.startsWith('TENANT_DESK ')) return 0
  const [, accounts = ''] = disk.texts().find(([table]) => table === 'account') ?? []
  return accounts.split('\\"session\\":').length - 1
}
