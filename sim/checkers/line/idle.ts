/**
 * Where nothing goes wrong, a free slot is used within a second while an item waits that fits it. The tables of the objects say what is
 * free and what waits; a slot is free when its lease has gone, however the gateway heard of the end. At one account of a desk, slots may
 * stand idle for an item that needs several and has waited for long.
 */
import type { Scene } from '../../clients/scene.ts'
import type { HostedObject } from '../../platform/objects.ts'
import { LEASES_LEFT } from '../accounts/slots.ts'
import { hasLine } from './names.ts'

const USED_WITHIN_MS = 1000
/** How often it is looked. Jobs last longer. */
const EVERY_MS = 200
/** An item that has waited for so long may have slots saved up: a step of the order, less what clocks differ by. */
const SAVED_FOR_AFTER_MS = 570_000

interface Looks {
  at: number
  /** By account: since when it has been idle, and what fits it. */
  since: Map<string, { at: number; item: string }>
  said: Set<string>
}

const looks = new WeakMap<Scene, Looks>()

interface Waiting {
  item: string
  lane: string
  token: string
  slots: number
  /** How many slots its account may have taken with it. */
  limit?: number
  state: string
  askedAt: number
  startBy: number
  leftOut?: string[]
}

/** Called after each turn. */
export function idleSlots(scene: Scene): string[] {
  const { plan, universe } = scene
  // A token at its limit leaves slots free that its items would fit.
  if (plan.hasLine !== true || plan.isGentle !== true || plan.limits) return []
  const { now } = universe.world
  const seen: Looks = looks.get(scene) ?? { at: 0, since: new Map(), said: new Set() }
  looks.set(scene, seen)
  if (now < seen.at + EVERY_MS) return []
  seen.at = now
  const found: string[] = []
  const saving = new Set<string>()
  for (const account of universe.objectsOf('ACCOUNT_SLOTS')) {
    const { item, mayKeepOf } = fitting(scene, account) ?? {}
    if (item === undefined) {
      seen.since.delete(account.name)
      continue
    }
    if (mayKeepOf !== undefined && !saving.has(mayKeepOf)) {
      saving.add(mayKeepOf)
      seen.since.delete(account.name)
      continue
    }
    const known = seen.since.get(account.name)
    if (!known) seen.since.set(account.name, { at: now, item })
    if (!known || now - known.at <= USED_WITHIN_MS || seen.said.has(account.name)) continue
    seen.said.add(account.name)
    const ms = Math.round(now - known.at)
    found.push(`line: ${account.name} has had a free slot for ${ms} ms while ${item} waits`)
  }
  return found
}

/** An item that waits although the account has a slot for it. `mayKeepOf`: the desk that may keep the slot for a wider one. */
function fitting(
  { universe, plan, deadTokens }: Scene,
  account: HostedObject
): { item: string; mayKeepOf?: string } | undefined {
  const { now } = universe.world
  const held = holderOf(account)
  if (!held) return undefined
  const desk = universe.objects.get(`TENANT_DESK ${held.provider}:${held.tenant}`)
  if (!desk || !hasLine(desk.disk)) return undefined
  const rows = desk.disk.look('SELECT item, sort FROM queued WHERE is_gone = 0')
  if (rows.length === 0) return undefined
  const chosen = chosenIn(desk)
  const promised = rows.filter(({ item }) => chosen.get(String(item)) === held.key)
  const free = held.maxJobs - Math.max(held.leases, promised.length)
  const waiting = rows
    .filter(({ item }) => !chosen.has(String(item)))
    .map(({ item, sort }) => ({ ...(JSON.parse(String(sort)) as Waiting), item: String(item) }))
  // Until when a token lapses is known only afterwards.
  const isUnsteady = plan.steps.some(({ action }) => action.do === 'end token')
  const steady = waiting.filter(({ token }) => !isUnsteady && !isDead(deadTokens, token))
  const pauses = pausesIn(desk)
  const couldStart = ({ lane, state, startBy, token, leftOut = [] }: Waiting) =>
    state === 'waiting' &&
    !pauses.some((pause) => isPausedBy(pause, token, held.email)) &&
    (lane === '' || lane === held.email) &&
    startBy > now &&
    !leftOut.includes(held.key)
  const item = steady.find(
    (one) =>
      couldStart(one) && one.slots <= free && held.leases + one.slots <= (one.limit ?? Infinity)
  )?.item
  if (item === undefined) return undefined
  const isWide = waiting.some(
    (one) =>
      couldStart(one) &&
      one.slots > free &&
      one.slots <= held.maxJobs &&
      now - one.askedAt > SAVED_FOR_AFTER_MS
  )
  return isWide ? { item, mayKeepOf: desk.name } : { item }
}

function isDead(dead: Scene['deadTokens'], token: string): boolean {
  return dead.some(({ tokenId }) => tokenId === token)
}

interface Holder {
  tenant: string
  email: string
  key: string
  provider: string
  maxJobs: number
  isDrained?: boolean
  leases: number
}

function holderOf({ name, disk }: HostedObject): Holder | undefined {
  const isMade = disk.look("SELECT 1 FROM sqlite_master WHERE name = 'parking'").length > 0
  if (!isMade) return undefined
  const [row] = disk.look('SELECT record, retired_at AS at FROM account')
  if (!row || row['record'] === null || row['at'] !== null) return undefined
  if (disk.look('SELECT 1 FROM parking').length > 0) return undefined
  const record = JSON.parse(String(row['record'])) as Omit<Holder, 'leases' | 'provider'>
  if (record.isDrained) return undefined
  const provider = name.slice(name.indexOf(' ') + 1, name.indexOf(':'))
  return { ...record, provider, leases: slotsIn(disk.look(LEASES_LEFT)) }
}

function slotsIn(leases: Record<string, unknown>[]): number {
  const slots = leases.map(({ record }) => (JSON.parse(String(record)) as { slots?: number }).slots)
  return slots.reduce<number>((sum, one) => sum + (one ?? 1), 0)
}

const IS_NO_PAUSE = "token NOT LIKE '@pause %'"

interface Pause {
  token?: string
  /** An account's email and when it was added. */
  lane?: string
}

function pausesIn({ disk }: HostedObject): Pause[] {
  const rows = disk.look(`SELECT record FROM token_line WHERE NOT (${IS_NO_PAUSE})`)
  return rows.map(({ record }) => JSON.parse(String(record)) as Pause)
}

function isPausedBy({ token, lane }: Pause, ofToken: string, email: string): boolean {
  return (token ?? ofToken) === ofToken && (lane === undefined || lane.startsWith(`${email} `))
}

/** The account by item. */
function chosenIn({ disk }: HostedObject): Map<string, string> {
  const found = new Map<string, string>()
  for (const { record } of disk.look(`SELECT record FROM token_line WHERE ${IS_NO_PAUSE}`)) {
    const { chosen } = JSON.parse(String(record)) as { chosen: Record<string, { account: string }> }
    for (const [item, { account }] of Object.entries(chosen)) found.set(item, account)
  }
  return found
}
