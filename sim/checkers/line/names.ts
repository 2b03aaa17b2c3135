/** The jobs behind the names of queued creations, as the witness knows them. Receivers are told names, and the witness knows ids. */
import type { Received } from '../../../test/support/receiver.ts'
import type { Intention, Scene } from '../../clients/scene.ts'

/**
 * By name, as the desk's table says. It says nothing of a job of which the gateway does not know whether it is the creation's own. The
 * table of a removed tenant is empty, and those of workerd are not read. Clients know the names: what was told of a name shows whether
 * its job was known.
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
    const isTabled = scene.everyTenant[tenant]?.endedAt === undefined && !scene.plan.isCompared
    if (!item || isTabled) continue
    const jobs = scene.heygen.creations
      .filter((one) => one.mark === mark)
      .flatMap((one) => one.jobs)
    // A client whose answer was cut hears of them only at its own address.
    const names = item.names.length > 0 ? item.names : namesTold(scene, mark)
    for (const name of names) {
      const job = jobs[partOf(name)]
      if (job && !isToldUnknown(scene, name)) found.set(name, job.id)
    }
  }
  return found
}

/**
 * Its client's answer was cut, and it has no address of its own. So without the tables nobody knows under which name it is told.
 */
export function isNameless({ plan }: Scene, { item, own }: Intention): boolean {
  return plan.isCompared === true && item?.names.length === 0 && own === undefined
}

/** Names of HeyGen's form that were told to the creation's own address. */
function namesTold({ receivers }: Scene, mark: string): string[] {
  const own = receivers.received.filter(({ path }) => path.endsWith(`/${mark}`))
  return own.flatMap(({ body }) => body.match(NAMES) ?? []).filter((name) => MARKED.test(name))
}

/** A name says which job of its creation it is for. */
function partOf(name: string): number {
  return Number.parseInt(name.slice(-19, -16), 16)
}

function isToldUnknown({ receivers }: Scene, name: string): boolean {
  return receivers.received.some(({ body }) => body.includes(name) && body.includes('is not known'))
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

const JOB_IDS = /\b[a-z]+-[0-9a-f]{20}\b/g
/** An event's id has the form of a name with a prefix. */
const MARKED = /^(?!evt_)/
const NAMES = /(?:[a-z]+_)?[0-9a-f]{32}/g

/** What was told, with the witness' ids in the place of names. */
export function underRealIds(real: ReadonlyMap<string, string>) {
  return (post: Received): Received =>
    real.size === 0
      ? post
      : { ...post, body: post.body.replace(NAMES, (name) => real.get(name) ?? name) }
}

/**
 * Without events of jobs that were queued under their real ids. They came before the job was known to be the creation's, so they were
 * passed on as they were, and the end is told under the name, too.
 */
export function underNames(real: ReadonlyMap<string, string>) {
  const queued = new Set(real.values())
  const isOfQueued = ({ body }: Received) =>
    (body.match(JOB_IDS) ?? []).some((id) => queued.has(id))
  return (posts: readonly Received[]) =>
    queued.size === 0 ? [...posts] : posts.filter((post) => !isOfQueued(post))
}

export function namedReal(real: ReadonlyMap<string, string>, intention: Intention): Intention {
  if (!intention.item) return intention
  return { ...intention, jobIds: intention.jobIds.map((name) => real.get(name) ?? name) }
}
