/**
 * What is left is what docs/storage.md says. At rest: of accounts and tenants that were removed, almost nothing, and no copy in KV. At
 * long plans also: what jobs left is gone in time, although nobody calls, so that nothing grows with the number of jobs.
 */
import type { Scene } from '../clients/scene.ts'
import type { HostedObject } from '../platform/objects.ts'
import { usageBooks, usageDiffers } from './usage.ts'
import { leasesLeft } from './accounts/slots.ts'

const DAY_MS = 86_400_000

type Label = 'ACCOUNT_SLOTS' | 'TENANT_DESK'

/** Tables whose rows must be gone, by class of object, days after the last that happened. A day more than is said. */
const KEPT: { days: number; label: Label; tables: string[] }[] = [
  { days: 8, label: 'ACCOUNT_SLOTS', tables: ['outgoing', 'resent', 'early', 'news'] },
  { days: 8, label: 'TENANT_DESK', tables: ['keyed', 'made', 'claim', 'list_place', 'home'] },
  { days: 10, label: 'ACCOUNT_SLOTS', tables: ['alert_state'] },
  { days: 32, label: 'ACCOUNT_SLOTS', tables: ['ended_job'] },
  { days: 92, label: 'ACCOUNT_SLOTS', tables: ['usage'] },
  {
    days: 92,
    label: 'TENANT_DESK',
    tables: ['former', 'job_owner', 'owned_id', 'asset_copy', 'audit'],
  },
]

/**
 * Tables that may have rows for ever, and how many at most: none of them is about a job. `each`: as many as there are things of that
 * kind, which the scene knows.
 */
const FOR_EVER: Record<Label, Record<string, number>> = {
  ACCOUNT_SLOTS: {
    ...{ schema: 1, account: 1, hook: 1, legacy: 1, balance: 1, waited: 1, targets: 1 },
    ...{ parking: 32, proof: 3, usage_mark: 1 },
  },
  TENANT_DESK: {
    ...{
      schema: 1,
      pruning: 1,
      closing: 1,
      callback_secret: 1,
      target_push: 1,
      reseal: 1,
      settings: 1,
    },
    ...{ seen_full: 1, account: 6, likeness: 12, refused: 6, endpoint: 10, alert: 10 },
    ...{ joining: 1000, joining_until: 1, added_route: 10, alert_note: 10, uploaded: 48 },
    ...{ copy: 100, token: 100, tenant: 10, tenant_past: 10, token_past: 100 },
    // Kept for 400 days.
    ...{ own_id: 200, token_secret: 10 },
  },
}

/**
 * What the object of a removed account still has: its ended jobs, usage and deliveries, alerts about deliveries that were given up (below),
 * and rows of ended leases (slots.ts looks at these).
 */
const OF_REMOVED: Record<Label, readonly string[]> = {
  ACCOUNT_SLOTS: [
    'schema',
    'account',
    'lease',
    'ended_job',
    'outgoing',
    'alert_state',
    'usage',
    'usage_mark',
  ],
  TENANT_DESK: ['schema', 'closing', 'copy', 'pruning', 'audit'],
}

export async function leftOver(scene: Scene): Promise<string[]> {
  const books = usageBooks(scene)
  const found = [...leftOfRemoved(scene), ...copiesLeft(scene)]
  found.push(...(await usageDiffers(scene, books, 'at rest')))
  if (scene.plan.isLong !== true) return found
  const { world } = scene.universe
  let day = 0
  for (const { days, label, tables } of KEPT) {
    await world.sleep((days - day) * DAY_MS, 'grow old')
    day = days
    // On the last of these days it is gone, as docs/storage.md says.
    if (days < 90) found.push(...(await usageDiffers(scene, books, `${days} days later`)))
    const isOld = (table: string) => tables.includes(table)
    found.push(
      ...tooMany(scene, label, (table) => (isOld(table) ? 0 : Infinity), `${days} days later`)
    )
  }
  for (const label of ['ACCOUNT_SLOTS', 'TENANT_DESK'] as const)
    found.push(
      ...tooMany(scene, label, (table) => FOR_EVER[label][table] ?? 0, `${day} days later`)
    )
  return [...found, ...leasesLeft(scene).map((text) => `${text} (92 days later)`)]
}

/** Of each object of a class: the tables that have more rows than they may have. */
function tooMany(
  { universe }: Scene,
  label: Label,
  mostOf: (table: string) => number,
  when: string
): string[] {
  return universe.objectsOf(label).flatMap((object) =>
    countsIn(object)
      .filter(([table, count]) => count > mostOf(table))
      .map(([table, count]) => sentence(object, table, count, when))
  )
}

/** Accounts and tenants were removed more than two days ago. */
function leftOfRemoved({ universe }: Scene): string[] {
  const removed = [
    ...universe.objectsOf('ACCOUNT_SLOTS').filter(isRetired),
    ...universe.objectsOf('TENANT_DESK').filter((one) => countOf(one, 'closing') > 0),
  ]
  return removed.flatMap((object) => {
    const label = object.name.startsWith('ACCOUNT_SLOTS') ? 'ACCOUNT_SLOTS' : 'TENANT_DESK'
    const left = countsIn(object).filter(([table]) => !OF_REMOVED[label].includes(table))
    const records = label === 'ACCOUNT_SLOTS' ? [...credentialsIn(object), ...alertsIn(object)] : []
    return [...left.map(([table, count]) => sentence(object, table, count, 'removed')), ...records]
  })
}

function isRetired(object: HostedObject): boolean {
  if (countOf(object, 'account') === 0) return false
  return object.disk.look('SELECT retired_at AS at FROM account').some(({ at }) => at !== null)
}

function credentialsIn(object: HostedObject): string[] {
  const rows = object.disk.look('SELECT record FROM account WHERE record IS NOT NULL')
  return rows.length > 0 ? [`growth: ${object.name} was removed and has its account`] : []
}

/** A delivery that was given up can be sent again for a week, so the alert about it lasts as long (docs/alerts.md). */
function alertsIn({ disk, name }: HostedObject): string[] {
  return disk
    .look("SELECT kind FROM alert_state WHERE kind <> 'dead_letter'")
    .map(({ kind }) => `growth: ${name} was removed and has an alert of ${String(kind)}`)
}

/** Copies in KV of tokens and tenants that are no more. */
function copiesLeft({ universe }: Scene): string[] {
  const desks = universe.objectsOf('TENANT_DESK')
  const registrar = desks.find(({ name }) => name.includes('@registrar'))
  const hashes =
    registrar?.disk.look('SELECT hash FROM token').map(({ hash }) => String(hash)) ?? []
  const isClosed = (name: string) =>
    desks.some((one) => one.name.endsWith(name) && countOf(one, 'closing') > 0)
  return [...universe.kv.entries.keys()].flatMap((key) => {
    const [kind, ...rest] = key.split(':')
    const isToken = kind === 'token' && !hashes.includes(rest.join(':'))
    const isTenant = kind === 'accounts' && isClosed(` ${rest.join(':')}`)
    return isToken || isTenant ? [`growth: KV has ${key}, which was removed`] : []
  })
}

function sentence({ name }: HostedObject, table: string, count: number, when: string): string {
  return `growth: ${name} has ${count} rows in ${table}, ${when}`
}

/** The tables that have rows. */
function countsIn(object: HostedObject): [string, number][] {
  const tables = object.disk.look("SELECT name FROM sqlite_master WHERE type = 'table'")
  return tables
    .map(({ name }): [string, number] => [String(name), countOf(object, String(name))])
    .filter(([, count]) => count > 0)
}

function countOf({ disk }: HostedObject, table: string): number {
  const isKnown = disk.look(`SELECT 1 FROM sqlite_master WHERE name = '${table}'`).length > 0
  if (!isKnown) return 0
  const [row] = disk.look(`SELECT count(*) AS n FROM "${table}"`)
  return Number(row?.['n'])
}
