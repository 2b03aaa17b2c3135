/**
 * Reads an account's packs and what is left in them: the cheapest read of an account, and the only one (reference/kling.md 2.4).
 */
import type { Credential, Session } from '#domain/accounts/account.ts'
import { textAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import type { Upstream } from '#providers/contract/provider.ts'
import { askJson, type JsonAnswer } from '#providers/shared/ask-json.ts'
import { authorize } from './credentials.ts'
import { originOf } from './regions.ts'

const DAY_MS = 24 * 3_600_000
/** The time between two of these calls. Kling takes one a second for an account, and both kinds of its keys are checked. */
const EVERY_MS = 1100
const ASKED_MAX = 3

export async function askPatiently(
  upstream: Upstream,
  credential: Credential,
  session: Session | undefined
): Promise<JsonAnswer> {
  for (let asked = 1; ; asked += 1) {
    const costs = await askCosts(upstream, credential, session, 30)
    if (textAt(costs.body, '/code') !== '1302' || asked === ASKED_MAX) return costs
    await upstream.pause(EVERY_MS)
  }
}

export async function askCosts(
  upstream: Upstream,
  credential: Credential,
  session: Session | undefined,
  days: number
): Promise<JsonAnswer> {
  const { settings } = upstream
  const now = upstream.now()
  const path = `/account/costs?start_time=${now - days * DAY_MS}&end_time=${now}`
  const headers = new Headers({ accept: 'application/json' })
  await authorize(headers, credential, session, { path, now, settings })
  return askJson(upstream, originOf(settings, credential), { method: 'GET', path, headers })
}

export function packsIn(body: unknown): unknown[] {
  return valuesAt(body, '/data/resource_pack_subscribe_infos/*')
}

const METERS = { video: /video/i, image: /image/i, try_on: /try-?on/i }

/**
 * The kinds of jobs that no pack pays for any more. Only a pack's name says which jobs it pays for. A pack with another name may
 * pay for all. The number of units may be twelve hours old, so a pack with units may be empty, too.
 */
export function spentIn(packs: unknown[]): string[] {
  const filled = packs.filter(
    (pack) =>
      textAt(pack, '/status') === 'online' && Number(valueAt(pack, '/remaining_quantity') ?? 0) > 0
  )
  const names = filled.map((pack) => textAt(pack, '/resource_pack_name') ?? '')
  const all = Object.values(METERS)
  const pays = (meter: RegExp) =>
    names.some((name) => meter.test(name) || !all.some((one) => one.test(name)))
  const spent = Object.entries(METERS).flatMap(([name, meter]) =>
    pays(meter) ? [] : [`meter:${name}`]
  )
  return filled.length === 0 ? ['jobs', ...spent] : spent
}

/** The balance with useapi.net's members (reference/useapi.md 2.1), filled from packs. Its numbers may be twelve hours old. */
export function balanceOf(packs: unknown[]) {
  const points = packs.map((pack) => ({
    orderId: valueAt(pack, '/resource_pack_id') ?? null,
    type: valueAt(pack, '/resource_pack_name') ?? null,
    amount: valueAt(pack, '/total_quantity') ?? null,
    balance: valueAt(pack, '/remaining_quantity') ?? null,
    startTime: valueAt(pack, '/effective_time') ?? null,
    endTime: valueAt(pack, '/invalid_time') ?? null,
  }))
  const left = packs
    .filter((pack) => textAt(pack, '/status') === 'online')
    .map((pack) => Number(valueAt(pack, '/remaining_quantity') ?? 0))
  const total = Number(left.reduce((sum, one) => sum + one, 0).toFixed(6))
  return { points, tickets: [], nextApplyTime: null, total }
}
