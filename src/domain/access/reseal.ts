/**
 * How a master key is retired: passes over everything that is sealed, until one finds nothing that is not of the first key,
 * and then as long as what is in others' hands may live. Pure; docs/rfc/0003-key-rotation.md.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** What is stored sealed. */
export type SealedKind =
  | 'tokenPairs'
  | 'credentials'
  | 'sessions'
  | 'webhookSecrets'
  | 'endpointSecrets'
  | 'callbackSecrets'
  | 'keptAnswers'

/** No key opens it. */
interface Unreadable {
  what: SealedKind
  keyId: string
  tenant?: string
  name?: string
}

/** Our webhook at an account whose address is still of an older key, and which the provider does not let us register anew. */
interface StalledHook {
  tenant: string
  account: string
  message: string
}

/** What one object came to, or a share of it. */
export interface ResealStep {
  resealed: Partial<Record<SealedKind, number>>
  /** The same, by the key that had sealed it. */
  byKey: Record<string, number>
  unreadable: { byKey: Record<string, number>; examples: Unreadable[] }
  /** Webhooks that the alarm is about to register anew. */
  hooks: number
  stalledHooks: StalledHook[]
  /** KV copies that are still to be written. */
  copies: number
  /** Objects whose first key is still another one. */
  behind: number
  /** Where this object goes on; absent: it is through. */
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

/** Both together. Where they go on is not told by it. */
export function together(one: ResealStep, other: ResealStep): ResealStep {
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

/** Nothing is needed any more that is not of the first key. What cannot be registered or opened is listed, not waited for. */
function isClean({ resealed, hooks, copies, behind }: ResealStep): boolean {
  return Object.keys(resealed).length === 0 && hooks + copies + behind === 0
}

/** Where a pass goes on: first the registrar's tokens, then desk after desk in the order of tenants. */
export interface ResealPlace {
  tenant?: string
  provider?: string
  inner?: string
}

export interface ResealState {
  /** Grows with each save, so that of two who work at once one goes on from the other's place. */
  version: number
  /** The id of the key that everything is to be sealed with. */
  key: string
  pass: {
    number: number
    startedAt: number
    endedAt?: number
    place: ResealPlace
    tenantsPassed: number
    found: ResealStep
  }
  /** When the first of the passes began that found nothing, where all since have. */
  cleanSince?: number
}

/** The state to go on from: another first key starts anew, and the next pass begins when it is time. */
export function begun(
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

/** `place`: where it goes on; undefined: the pass is over. */
export function stepped(
  state: ResealState,
  step: ResealStep,
  { place, tenantsPassed }: { place: ResealPlace | undefined; tenantsPassed: number },
  now: number
): ResealState {
  const { cleanSince, ...rest } = state
  const found = together(state.pass.found, step)
  const pass = { ...state.pass, found, tenantsPassed }
  const since = cleanSince === undefined ? {} : { cleanSince }
  if (place) return { ...rest, ...since, pass: { ...pass, place } }
  const ended = { ...pass, endedAt: now }
  if (!isClean(found)) return { ...rest, pass: ended }
  // The first proves nothing: until it was over another Worker may have gone on sealing with the key before.
  const first = pass.number === 1 ? {} : { cleanSince: pass.startedAt }
  return { ...rest, ...first, ...since, pass: ended }
}

/** What nobody can seal anew, since others have it, and how long that may be used. */
const IN_OTHERS_HANDS = [
  { what: 'callback addresses of running jobs, at the providers', span: 'lostMs' },
  { what: 'tokens of browsers', span: 'streamTokenMs' },
  { what: 'page tokens of merged lists', span: 'keepPlaceMs' },
] as const

export interface Hanging {
  what: string
  /** Epoch ms; undefined: counted from the pass that finds nothing. */
  until: number | undefined
}

/** What may still need an older key. */
export function hangingOf(
  state: ResealState | undefined,
  now: number,
  durations: Durations
): Hanging[] {
  const since = state?.cleanSince
  return IN_OTHERS_HANDS.flatMap(({ what, span }) => {
    const until = since === undefined ? undefined : since + durations[span]
    return until !== undefined && until <= now ? [] : [{ what, until }]
  })
}

/** Epoch ms; undefined: not known before a pass has found nothing. */
export function removableFrom(
  state: ResealState | undefined,
  durations: Durations
): number | undefined {
  if (state?.cleanSince === undefined) return undefined
  return state.cleanSince + Math.max(...IN_OTHERS_HANDS.map(({ span }) => durations[span]))
}

export type ResealStatus = 'none' | 'running' | 'waiting' | 'aging' | 'removable'

/**
 * `waiting`: for the next pass. `aging`: for what is in others' hands. `removable`: a pass that began after that found nothing
 * either. Only that one sees what was sealed meanwhile by a Worker that had another first key for a while, such as one put back.
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

/** Written only where it is still what was opened: an account that changed meanwhile keeps what it has. */
export function withSealed(
  account: Account,
  before: Account,
  anew: { credential?: string | undefined; session?: string | undefined }
): Account | undefined {
  const { credential, session } = anew
  const isCredential = credential !== undefined && account.credential === before.credential
  const isSession = session !== undefined && account.session?.sealed === before.session?.sealed
  if (!isCredential && !isSession) return undefined
  return {
    ...account,
    ...(isCredential ? { credential } : {}),
    ...(isSession && account.session ? { session: { ...account.session, sealed: session } } : {}),
  }
}
