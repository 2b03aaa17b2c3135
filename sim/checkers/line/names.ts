/** The jobs behind the names of queued creations, as the witness knows them. Receivers are told names, and the witness knows ids. */
import type { Received } from '../../../test/support/receiver.ts'
import type { Intention, Scene } from '../../clients/scene.ts'

/**
 * By name, as the desk's table says. It says nothing of a job of which the gateway does not know whether it is the creation's own. The
 * table of a removed tenant is empty, and its clients know the names.
 */
export function realIds(scene: Scene): Map<string, string> {
  const found = new Map<string, string>()
  if (scene.plan.hasLine !== true) return found
  for (const { names, jobIds = [] } of recordsOf(scene))
    for (const [n, name] of names.entries()) {
      const id = jobIds[n]
      if (id !== undefined) found.set(name, id)
    }
  for (const { mark, item, tenant } of scene.intentions.values()) {
    if (!item || scene.everyTenant[tenant]?.endedAt === undefined) continue
    const jobs = scene.heygen.creations
      .filter((one) => one.mark === mark)
      .flatMap((one) => one.jobs)
    for (const [n, name] of item.names.entries()) {
      const job = jobs[n]
      if (job) found.set(name, job.id)
    }
  }
  return found
}

function recordsOf({ universe }: Scene): { names: string[]; jobIds?: string[] }[] {
  return universe
    .objectsOf('TENANT_DESK')
    .filter(({ disk }) => hasLine(disk))
    .flatMap(({ disk }) => disk.look('SELECT record FROM queued'))
    .map(({ record }) => JSON.parse(String(record)) as { names: string[]; jobIds?: string[] })
}

export function hasLine(disk: { look(text: string): unknown[] }): boolean {
  return disk.look("SELECT 1 FROM sqlite_master WHERE name = 'queued'").length > 0
}

const NAMES = /(?:[a-z]+_)?[0-9a-f]{32}/g

/** What was told, with the witness' ids in the place of names. */
export function underRealIds(real: ReadonlyMap<string, string>) {
  return (post: Received): Received =>
    real.size === 0
      ? post
      : { ...post, body: post.body.replace(NAMES, (name) => real.get(name) ?? name) }
}

export function namedReal(real: ReadonlyMap<string, string>, intention: Intention): Intention {
  if (!intention.item) return intention
  return { ...intention, jobIds: intention.jobIds.map((name) => real.get(name) ?? name) }
}
