/** What jobs left is gone after the time that docs/storage.md says, although nobody calls. Played at long plans only. */
import type { Scene } from '../clients/scene.ts'
import type { Disk } from '../platform/disk.ts'
import { leasesLeft } from './slots.ts'

const DAY_MS = 86_400_000

/**
 * Tables whose rows must be gone, by class of object, days after the last that happened. A day more than is said. `former`,
 * one row for each account that was removed, is not here: old ones go at the next question for ended jobs.
 */
const KEPT: { days: number; label: 'ACCOUNT_SLOTS' | 'TENANT_DESK'; tables: string[] }[] = [
  { days: 8, label: 'ACCOUNT_SLOTS', tables: ['outgoing', 'resent', 'early', 'news'] },
  { days: 8, label: 'TENANT_DESK', tables: ['keyed', 'made', 'claim', 'list_place', 'home'] },
  { days: 32, label: 'ACCOUNT_SLOTS', tables: ['ended_job'] },
  { days: 92, label: 'TENANT_DESK', tables: ['job_owner', 'owned_id', 'asset_copy', 'audit'] },
]

export async function leftOver(scene: Scene): Promise<string[]> {
  if (scene.plan.isLong !== true) return []
  const { world } = scene.universe
  const found: string[] = []
  let day = 0
  for (const { days, label, tables } of KEPT) {
    await world.sleep((days - day) * DAY_MS, 'grow old')
    day = days
    for (const { name, disk } of scene.universe.objectsOf(label))
      found.push(
        ...rowsIn(disk, tables).map((text) => `growth: ${name} has ${text}, ${days} days later`)
      )
  }
  return [...found, ...leasesLeft(scene).map((text) => `${text} (92 days later)`)]
}

function rowsIn(disk: Disk, tables: string[]): string[] {
  const known = new Set(disk.texts().map(([table]) => table))
  return tables.flatMap((table) => {
    if (!known.has(table)) return []
    const [row] = disk.look(`SELECT count(*) AS n FROM "${table}"`)
    const count = Number(row?.['n'])
    return count > 0 ? [`${count} rows in ${table}`] : []
  })
}
