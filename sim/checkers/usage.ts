/**
 * Usage counts each ended job of a tenant once: at rest, after the rows of ended jobs were added up, and after they were deleted. The
 * books are the rows of ended jobs at rest.
 */
import { ask, jsonOf, type Scene, type Tenant } from '../clients/scene.ts'

const DAY_MS = 86_400_000
/** As many days as one question may be about. */
const DAYS = 91

/** Of a tenant: how many jobs ended, by day, token, route and outcome. */
export interface UsageBooks {
  tenant: Tenant
  /** The days that are asked for. */
  span: { since: string; until: string }
  jobs: Map<string, number>
}

interface Row {
  day: string
  token: string | null
  route: string
  outcome: string
  jobs: number
}

interface Ended {
  lease: { tenant: string; token?: string; route: string; jobId?: string }
  outcome: { status: string }
}

export function usageBooks(scene: Scene): UsageBooks[] {
  const { world } = scene.universe
  const until = dayOf(world.now + DAY_MS)
  const since = dayOf(world.now + DAY_MS - (DAYS - 1) * DAY_MS)
  return scene.tenants.flatMap((tenant) => {
    const id = tenant.endedAt === undefined ? idOf(scene, tenant) : undefined
    return id === undefined ? [] : [{ tenant, span: { since, until }, jobs: endedOf(scene, id) }]
  })
}

export async function usageDiffers(
  scene: Scene,
  books: readonly UsageBooks[],
  when: string
): Promise<string[]> {
  const found: string[] = []
  for (const { tenant, span, jobs } of books) {
    const path = `/v1/usage?since=${span.since}&until=${span.until}`
    const { rows = [], isWhole } = jsonOf(await ask(scene, tenant, 'GET', path)) as {
      rows?: Row[]
      isWhole?: boolean
    }
    if (isWhole !== true) continue
    const counted = new Map<string, number>()
    for (const { day, token, route, outcome, jobs: count } of rows)
      add(counted, [day, token ?? '', route, outcome], count)
    for (const name of new Set([...jobs.keys(), ...counted.keys()])) {
      const [should, is] = [jobs.get(name) ?? 0, counted.get(name) ?? 0]
      if (should !== is)
        found.push(`usage: ${tenant.name}, ${name}: ${is} in the place of ${should}, ${when}`)
    }
  }
  return found
}

/** The id of the tenant whose token it is. Its name may be another tenant's by now. */
function idOf({ universe }: Scene, { tokenId }: Tenant): string | undefined {
  const registrar = universe
    .objectsOf('TENANT_DESK')
    .find(({ name }) => name.includes('@registrar'))
  const rows = registrar?.disk.look('SELECT record FROM token') ?? []
  const tokens = rows.map(({ record }) => JSON.parse(String(record)) as Record<string, string>)
  return tokens.find(({ id }) => id === tokenId)?.['tenant']
}

function endedOf({ universe }: Scene, tenant: string): Map<string, number> {
  const jobs = new Map<string, number>()
  for (const { disk } of universe.objectsOf('ACCOUNT_SLOTS')) {
    const rows = disk.look(
      'SELECT ended_at AS at, record FROM ended_job WHERE record IS NOT NULL ORDER BY span'
    )
    for (const { at, record } of rows) {
      const { lease, outcome } = JSON.parse(String(record)) as Ended
      if (lease.tenant !== tenant || outcome.status === 'absent') continue
      add(jobs, [dayOf(Number(at)), lease.token ?? '', lease.route, outcome.status], 1)
    }
  }
  return jobs
}

function add(counts: Map<string, number>, name: readonly string[], count: number): void {
  const text = name.join(' ')
  counts.set(text, (counts.get(text) ?? 0) + count)
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
