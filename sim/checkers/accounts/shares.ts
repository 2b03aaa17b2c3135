/**
 * Limits on jobs (`--limited`): a token's share never has more than its limit, and each running job of such a token stands in one.
 * Leases without a job are left out: nothing was sent for them, or the creation runs on another account. Jobs of queued creations stand
 * there by their item, which may have had several leases.
 */
import type { Scene } from '../../clients/scene.ts'
import type { HostedObject } from '../../platform/objects.ts'
import { LEASES_LEFT } from './slots.ts'

interface Stored {
  record: string
}

interface StoredLease {
  id: string
  requestId: string
  item?: { id: string }
  tenant: string
  kind: string
  state: string
  isLimited?: boolean
}

const said = new WeakSet<Scene>()

/** Called after each turn. It is said once. */
export function wrongShares(scene: Scene): string[] {
  const { limits } = scene.plan
  if (!limits || said.has(scene)) return []
  const { counted, tooLarge, closed } = sharesIn(scene, limits.maxConcurrent)
  const uncounted = limitedLeases(scene).filter(
    (lease) => !counted.has(nameIn(lease)) && !closed.has(lease.tenant)
  )
  const found = [
    ...tooLarge,
    ...uncounted.map(({ id, tenant }) => `limits: ${id} of ${tenant} runs and is in no share`),
  ]
  if (found.length > 0) said.add(scene)
  return found
}

/** What the lease's job is called in its token's share. */
function nameIn({ id, requestId, item }: StoredLease): string {
  return item ? item.id + id.slice(requestId.length) : id
}

function sharesIn({ universe }: Scene, most: number) {
  const counted = new Set<string>()
  const tooLarge: string[] = []
  /** A desk whose tenant was removed forgets its shares, and its last jobs go on. */
  const closed = new Set<string>()
  for (const { name, disk } of universe.objectsOf('TENANT_DESK')) {
    if (!hasTables(disk, 'token_share')) continue
    if (disk.look('SELECT * FROM closing').length > 0) closed.add(name.split(':')[1] ?? '')
    for (const { record } of disk.look('SELECT record FROM token_share') as unknown as Stored[]) {
      const ids = Object.keys((JSON.parse(record) as { running: object }).running)
      if (ids.length > most) tooLarge.push(`limits: ${name} lets ${ids.length} of ${most} run`)
      for (const id of ids) counted.add(id)
    }
  }
  return { counted, tooLarge, closed }
}

function limitedLeases({ universe }: Scene): StoredLease[] {
  return universe
    .objectsOf('ACCOUNT_SLOTS')
    .filter(({ disk }) => hasTables(disk, 'ended_job'))
    .flatMap(({ disk }) => disk.look(LEASES_LEFT) as unknown as Stored[])
    .map(({ record }) => JSON.parse(record) as StoredLease)
    .filter(({ isLimited, kind, state }) => isLimited && kind === 'job' && state !== 'unbound')
}

/** An object that has just come into being has none. */
function hasTables(disk: HostedObject['disk'], last: string): boolean {
  return disk.look(`SELECT name FROM sqlite_master WHERE name = '${last}'`).length > 0
}
