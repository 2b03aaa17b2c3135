/**
 * Decides which families of a provider's older calls an account has, from free reads (contract section 14.11). A family counts as
 * gone only after two answers ten minutes apart that say so, while the account itself is good.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** `alive`: a 2xx. `ended`: the provider says in its own words that there is no such call. `unclear`: anything else. */
export type ProbeAnswer = 'alive' | 'ended' | 'unclear'

export type Families = NonNullable<Account['legacy']>

/** What the account's object keeps. `suspected`: since when a family seems to be gone, epoch ms. */
export interface LegacyProbe {
  nextAt: number
  probedAt?: number
  suspected: Readonly<Record<string, number>>
}

/** The first probe of an account that was added or changed. Its families were read when it was added. */
export function firstProbe(
  families: Families | undefined,
  names: readonly string[],
  now: number,
  durations: Durations
): LegacyProbe {
  const isKnown = names.every((name) => families?.[name] === 'alive')
  const wait = isKnown ? durations.legacyDailyMs : durations.legacyAgainMs
  return { nextAt: now + (families ? wait : 0), suspected: {} }
}

/** A probe now, unless there was one a short time ago. Undefined: nothing changes. */
export function probeSoon(
  probe: LegacyProbe | undefined,
  now: number,
  durations: Durations
): LegacyProbe | undefined {
  const { probedAt = 0, nextAt = Infinity, suspected = {} } = probe ?? {}
  if (nextAt <= now || now - probedAt < durations.legacyAgainMs) return undefined
  return { ...probe, suspected, nextAt: now }
}

/** `isGood`: the account's cheapest newer read was answered with 200. Without it nothing counts as ended. */
export function afterProbe(
  before: { probe: LegacyProbe | undefined; families: Families | undefined },
  answers: Readonly<Record<string, ProbeAnswer>>,
  isGood: boolean,
  now: number,
  durations: Durations
): { probe: LegacyProbe; families: Families } {
  const families: Families = { ...before.families }
  const suspected: Record<string, number> = { ...before.probe?.suspected }
  for (const [family, answer] of Object.entries(answers)) {
    if (answer === 'alive') {
      families[family] = 'alive'
      delete suspected[family]
    }
    if (answer === 'ended' && isGood) {
      const since = (suspected[family] ??= now)
      if (now - since >= durations.legacyAgainMs) families[family] = 'gone'
    }
  }
  const open = Object.entries(suspected).filter(([family]) => families[family] !== 'gone')
  const wait = waitFor(
    open.map(([, since]) => since),
    now,
    durations
  )
  return { families, probe: { nextAt: now + wait, probedAt: now, suspected } }
}

/**
 * After a first answer that a family is gone: ten minutes. If the next answers are unclear, such as those to a refused key, the pauses
 * grow to a day, so that an account that is left like that does not wake its object for ever.
 */
function waitFor(suspectedSince: number[], now: number, durations: Durations): number {
  const { legacyAgainMs, legacyDailyMs } = durations
  if (suspectedSince.length === 0) return legacyDailyMs
  return Math.min(legacyDailyMs, Math.max(legacyAgainMs, now - Math.min(...suspectedSince)))
}

export function isSame(a: Families | undefined, b: Families | undefined): boolean {
  const names = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])
  return a !== undefined && [...names].every((name) => a[name] === b?.[name])
}
