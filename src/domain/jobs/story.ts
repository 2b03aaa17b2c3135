/** Tells what happened to a job, step by step, from what its lease, its item and its deliveries keep. Pure. */
import type { ChoiceNote } from '#domain/slots/choice-note.ts'
import type { Lease, Outcome } from '#domain/slots/lease.ts'
import type { JobRecord } from './list-jobs.ts'

/**
 * `slot`: an account's slot was taken, and the creation was sent to the provider at once. `answer_lost`: the provider did not answer,
 * so the job is looked for. `found`: that search found it.
 */
type What =
  | 'asked'
  | 'queued'
  | 'chosen'
  | 'given_back'
  | 'slot'
  | 'answer_lost'
  | 'accepted'
  | 'found'
  | 'waits_for_person'
  | 'deleted'
  | 'ended'
  | 'event'
  | 'delivered'
  | 'given_up'

/** Why an account did not get the job. `not_tried`: others came first, or it cannot serve such calls. `pinned`: it was not free to choose. */
interface Other {
  account: string
  why: string
  reason?: string
  until?: number
}

export interface StoryStep {
  at: number
  what: What
  /** The account's email. Undefined where it is none, or is unknown by now. */
  account?: string
  why?: string
  others?: Other[]
  /** How many other accounts are not named. */
  more?: number
  delivery?: string
}

/** The accounts that the tenant has now. */
type StoryAccounts = readonly { key: string; email: string; createdAt: number }[]

/** Of a queued creation. */
interface StoryItem {
  askedAt: number
  lane?: string
  tries?: readonly { account: string; at: number; why?: string; backAt?: number }[]
  reason?: string
  endedAt?: number
}

interface StoryDelivery {
  id: string
  state: 'pending' | 'delivered' | 'dead'
  event: { type: string }
  createdAt: number
  endedAt?: number
  reason?: string
}

export interface StoryFacts {
  accounts: StoryAccounts
  /** When the client asked, if that is known. */
  askedAt?: number
  record?: JobRecord
  /** The account of the record. */
  email?: string
  item?: StoryItem
  deliveries?: readonly StoryDelivery[]
}

/** In the order of time. Steps of one time keep the order in which they happen. */
export function storyOf(facts: StoryFacts): StoryStep[] {
  const { record, item, deliveries = [] } = facts
  const askedAt = item?.askedAt ?? facts.askedAt
  const asked: StoryStep[] = askedAt === undefined ? [] : [{ at: askedAt, what: 'asked' }]
  const steps = [
    ...asked,
    ...(item ? waitOf(item, facts.accounts, record?.ended !== undefined) : []),
    ...(record ? lifeOf(record, facts) : []),
    ...deliveries.flatMap(toSteps),
  ]
  return steps.toSorted((one, other) => one.at - other.at)
}

function waitOf(
  { askedAt, lane, tries = [], reason, endedAt }: StoryItem,
  accounts: StoryAccounts,
  isEndKnown: boolean
): StoryStep[] {
  const pinned = lane === undefined ? {} : { account: lane, why: 'pinned' }
  const turns = tries.flatMap(({ account, at, why, backAt }): StoryStep[] => {
    const email = accounts.find(({ key }) => key === account)?.email
    const who = email === undefined ? {} : { account: email }
    const back: StoryStep = { at: backAt ?? at, what: 'given_back', ...who, ...given({ why }) }
    return [{ at, what: 'chosen', ...who }, ...(why === undefined ? [] : [back])]
  })
  const end: StoryStep[] =
    endedAt === undefined || isEndKnown
      ? []
      : [{ at: endedAt, what: 'ended', ...given({ why: reason }) }]
  return [{ at: askedAt, what: 'queued', ...pinned }, ...turns, ...end]
}

/** A creation that ended in the line has a record too, but never had a slot. */
function lifeOf({ lease, ended }: JobRecord, facts: StoryFacts): StoryStep[] {
  const { acquiredAt, boundAt, lostAt, waitingSince, deletedAt, state, isFound } = lease
  const who = given({ account: facts.email })
  const isKnown = state !== 'suspect' && lease.jobId !== undefined
  const hadSlot = ended?.outcome.isUnstarted !== true
  return [
    ...(hadSlot
      ? [{ at: acquiredAt, what: 'slot' as const, ...who, ...othersOf(lease, facts) }]
      : []),
    ...when(lostAt, 'answer_lost'),
    ...when(isKnown ? boundAt : undefined, isFound ? 'found' : 'accepted'),
    ...when(waitingSince, 'waits_for_person'),
    ...when(deletedAt, 'deleted'),
    ...(ended ? [{ at: ended.endedAt, what: 'ended' as const, why: whyOf(ended.outcome) }] : []),
  ]
}

function whyOf({ status, detail }: Outcome): string {
  return detail === undefined ? status : `${status}: ${detail}`
}

/** Every other account that the tenant has and had then. A lease of an earlier release knows nothing about them. */
function othersOf(
  { choice, acquiredAt }: Pick<Lease, 'choice' | 'acquiredAt'>,
  { accounts, email }: StoryFacts
): Pick<StoryStep, 'others' | 'more'> {
  if (!choice) return {}
  const { passed = [], more, isPinned } = choice
  const named = passed
    .filter((one) => one.email !== email)
    .map(({ email: account, ...rest }) => ({ account, ...rest }))
  const isNamed = (account: string) => passed.some((one) => one.email === account)
  const rest = accounts.filter(
    (one) => one.email !== email && one.createdAt <= acquiredAt && !isNamed(one.email)
  )
  const why = restWhy(choice)
  // With so many, it is not known any more which of the rest were passed over for a reason of their own.
  const others = more === undefined ? rest.map((one) => ({ account: one.email, why })) : []
  const all = isPinned ? others : [...named, ...others]
  return {
    ...(all.length === 0 ? {} : { others: all.slice(0, OTHERS_MAX) }),
    ...(more === undefined && all.length <= OTHERS_MAX ? {} : { more: moreOf(all, rest, more) }),
  }
}

const OTHERS_MAX = 50

function restWhy({ isPinned }: ChoiceNote): string {
  return isPinned ? 'pinned' : 'not_tried'
}

function moreOf(all: readonly Other[], rest: readonly unknown[], more: number | undefined): number {
  return more === undefined ? all.length - OTHERS_MAX : Math.max(more, rest.length)
}

function toSteps({ id, state, event, createdAt, endedAt, reason }: StoryDelivery): StoryStep[] {
  const made: StoryStep = { at: createdAt, what: 'event', why: event.type, delivery: id }
  if (state === 'pending' || endedAt === undefined) return [made]
  const what = state === 'delivered' ? 'delivered' : 'given_up'
  return [made, { at: endedAt, what, delivery: id, ...given({ why: reason }) }]
}

/** Why a creation came back that is about the creation itself, and not about an account (domain/line/tries.ts, flows/queue). */
const OF_CREATION = new Set(['not ready', 'refused'])

/** What a token may see that sees only its own: no account, and nothing about the others. */
export function withoutAccounts(steps: readonly StoryStep[]): StoryStep[] {
  return steps.map(({ at, what, why, delivery }) => {
    const isTheirs = what === 'given_back' && !OF_CREATION.has(why ?? '')
    return { at, what, ...given({ why: isTheirs ? undefined : why, delivery }) }
  })
}

function when(at: number | undefined, what: What): StoryStep[] {
  return at === undefined ? [] : [{ at, what }]
}

function given<T extends Record<string, string | undefined>>(
  facts: T
): { [K in keyof T]?: string } {
  const known = Object.entries(facts).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known) as { [K in keyof T]?: string }
}
