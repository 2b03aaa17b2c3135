/**
 * Decides when an old master key can be removed (docs/rfc/0003-key-rotation.md). Passes re-seal everything with the first key,
 * until a pass finds nothing to do. After that, sealed texts that others hold must expire.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** The kinds of sealed records. */
export type SealedKind =
  | 'tokenPairs'
  | 'credentials'
  | 'sessions'
  | 'signIns'
  | 'webhookSecrets'
  | 'endpointSecrets'
  | 'callbackSecrets'
  | 'alertSecrets'
  | 'keptAnswers'
  | 'queuedBodies'
  | 'queuedRefusals'

/** A sealed record that no key opens. */
interface Unreadable {
  what: SealedKind
  keyId: string
  tenant?: string
  name?: string
}

/** A webhook whose URL is still sealed with an older key, because the provider does not accept a new registration. */
interface StalledHook {
  tenant: string
  account: string
  message: string
}

/** The result of re-sealing one object, or a share of it. */
export interface ResealStep {
  resealed: Partial<Record<SealedKind, number>>
  /** The same counts, by the key that had sealed the records. */
  byKey: Record<string, number>
  unreadable: { byKey: Record<string, number>; examples: Unreadable[] }
  /** Webhooks that an alarm will register again soon. */
  hooks: number
  stalledHooks: StalledHook[]
  /** KV copies that are not written yet. */
  copies: number
  /** Objects whose Worker still has another first key. */
  behind: number
  /** Where this object goes on; absent: it is finished. */
  next?: string
}

const EXAMPLES_MAX = 20

export function nothingFound(): ResealStep {
  return {
    resealed: {},
    byKey: {},
    unreadable: { byKey: {}, examples: [] },
    hooks: 0,
    stalledHooks: [],
    copies: 0,
    behind: 0,
  }
}

/** Adds up two results. The sum has no `next`. */
export function addUp(one: ResealStep, other: ResealStep): ResealStep {
  const { unreadable: a } = one
  const { unreadable: b } = other
  return {
    resealed: sumOf(one.resealed, other.resealed),
    byKey: sumOf(one.byKey, other.byKey),
    unreadable: {
      byKey: sumOf(a.byKey, b.byKey),
      examples: [...a.examples, ...b.examples].slice(0, EXAMPLES_MAX),
    },
    hooks: one.hooks + other.hooks,
    stalledHooks: [...one.stalledHooks, ...other.stalledHooks].slice(0, EXAMPLES_MAX),
    copies: one.copies + other.copies,
    behind: one.behind + other.behind,
  }
}

function sumOf<K extends string>(
  one: Partial<Record<K, number>>,
  other: Partial<Record<K, number>>
): Record<K, number> {
  const sum = { ...one } as Record<K, number>
  for (const [name, count] of Object.entries(other) as [K, number][])
    sum[name] = (sum[name] ?? 0) + count
  return sum
}

/** True when only the first key is needed now. Stalled webhooks and records that no key opens do not count; they are only listed. */
function isClean({ resealed, hooks, copies, behind }: ResealStep): boolean {
  return Object.keys(resealed).length === 0 && hooks + copies + behind === 0
}

/** Where a pass goes on: first the registrar's tokens, then one desk after the other, in the order of tenants. */
export interface ResealPlace {
  tenant?: string
  provider?: string
  inner?: string
}

export interface ResealState {
  /** Grows with each save, so that two requests at once do not overwrite each other's progress. */
  version: number
  /** The id of the first master key. */
  key: string
  pass: {
    number: number
    startedAt: number
    endedAt?: number
    place: ResealPlace
    tenantsPassed: number
    found: ResealStep
  }
  /** The start of the first pass that found nothing, if every pass since found nothing. */
  cleanSince?: number
}

/** The state to go on from. A new first key starts from the beginning; a new pass starts when it is time. */
export function beginPass(
  state: ResealState | undefined,
  key: string,
  now: number,
  durations: Pick<Durations, 'resealAgainMs'>
): ResealState {
  const isOther = state?.key !== key
  if (!state || isOther) return { version: state?.version ?? 0, key, pass: passOf(1, now) }
  const { pass } = state
  if (pass.endedAt === undefined || now < pass.endedAt + durations.resealAgainMs) return state
  return { ...state, pass: passOf(pass.number + 1, now) }
}

function passOf(number: number, startedAt: number): ResealState['pass'] {
  return { number, startedAt, place: {}, tenantsPassed: 0, found: nothingFound() }
}

/** `place`: where the pass goes on; undefined: it is over. */
export function addStep(
  state: ResealState,
  step: ResealStep,
  { place, tenantsPassed }: { place: ResealPlace | undefined; tenantsPassed: number },
  now: number
): ResealState {
  const { cleanSince, ...rest } = state
  const found = addUp(state.pass.found, step)
  const pass = { ...state.pass, found, tenantsPassed }
  const since = cleanSince === undefined ? {} : { cleanSince }
  if (place) return { ...rest, ...since, pass: { ...pass, place } }
  const ended = { ...pass, endedAt: now }
  if (!isClean(found)) return { ...rest, pass: ended }
  // The first pass proves nothing: until its end, an older Worker may still have sealed with the previous key.
  const first = pass.number === 1 ? {} : { cleanSince: pass.startedAt }
  return { ...rest, ...first, ...since, pass: ended }
}

/** Sealed texts that others hold, so that we cannot re-seal them, and how long they are valid. */
const HELD_BY_OTHERS = [
  { what: 'callback addresses of running jobs, at the providers', span: 'lostMs' },
  { what: 'tokens of browsers', span: 'streamTokenMs' },
  { what: 'page tokens of merged lists', span: 'keepPlaceMs' },
] as const

export interface HeldText {
  what: string
  /** Epoch ms; undefined: counts from the first pass that finds nothing. */
  until: number | undefined
}

/** The texts that may still need an older key. */
export function heldByOthers(
  state: ResealState | undefined,
  now: number,
  durations: Durations
): HeldText[] {
  const since = state?.cleanSince
  return HELD_BY_OTHERS.flatMap(({ what, span }) => {
    const until = since === undefined ? undefined : since + durations[span]
    return until !== undefined && until <= now ? [] : [{ what, until }]
  })
}

/** From when on the other keys can be removed. Epoch ms; undefined: unknown until a pass finds nothing. */
export function removableFrom(
  state: ResealState | undefined,
  durations: Durations
): number | undefined {
  if (state?.cleanSince === undefined) return undefined
  return state.cleanSince + Math.max(...HELD_BY_OTHERS.map(({ span }) => durations[span]))
}

export type ResealStatus = 'none' | 'running' | 'waiting' | 'aging' | 'removable'

/**
 * `waiting`: a further pass is needed. `aging`: texts that others hold have not expired yet. `removable`: a pass that began after
 * they had expired found nothing. That last pass is needed because a rolled-back Worker may have sealed with another key.
 */
export function statusOf(
  state: ResealState | undefined,
  key: string,
  now: number,
  durations: Durations
): ResealStatus {
  if (state?.key !== key) return 'none'
  const from = removableFrom(state, durations)
  const { startedAt, endedAt } = state.pass
  if (endedAt === undefined) return 'running'
  if (from === undefined) return 'waiting'
  if (from <= startedAt) return 'removable'
  return from <= now ? 'waiting' : 'aging'
}

/** The account with its re-sealed texts; undefined: both texts changed since `before` was read, so nothing is written. */
export function withSealed(
  account: Account,
  before: Account,
  resealed: { credential?: string | undefined; session?: string | undefined }
): Account | undefined {
  const { credential, session } = resealed
  const isCredential = credential !== undefined && account.credential === before.credential
  const isSession = session !== undefined && account.session?.sealed === before.session?.sealed
  if (!isCredential && !isSession) return undefined
  return {
    ...account,
    ...(isCredential ? { credential } : {}),
    ...(isSession && account.session ? { session: { ...account.session, sealed: session } } : {}),
  }
}
