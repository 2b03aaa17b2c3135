/**
 * Why the tenant's other accounts do not get a queued creation that the desk has just given to one, for the story of its job
 * (jobs/story.ts). It is what the desk knows at that moment. It decides nothing.
 */
import type { Account } from '#domain/accounts/account.ts'
import { recordedParking } from '#domain/accounts/drained.ts'
import { findParking } from '#domain/accounts/parking.ts'
import type { WaitingItem } from '#domain/queue/item-lists.ts'
import type { Said } from '#domain/queue/wakes.ts'
import {
  choiceNote,
  passedAsParked,
  type ChoiceNote,
  type PassedAccount,
} from '#domain/slots/choice-note.ts'
import { isPaused, type Pause } from './pauses.ts'

export interface OtherAccount {
  account: Pick<Account, 'key' | 'email' | 'maxJobs' | 'isDrained' | 'isImported'>
  /** The name of its own lane. */
  lane: string
  /** Absent: the desk has not heard of it since it woke up. */
  said?: Said | undefined
  /** It was full lately, so others are told first. */
  isLate: boolean
  /** It gave the item back a moment ago. */
  gaveBack: boolean
  /** The item for which slots are being saved up there. */
  savedFor?: string | undefined
}

interface Beside {
  pauses: readonly Pause[]
  now: number
}

/** An account that could have started it too is not among those that the note names: the chosen one came first. */
export function whyOthersNot(
  waiting: WaitingItem,
  others: readonly OtherAccount[],
  beside: Beside
): ChoiceNote {
  if (waiting.sort.lane !== '') return choiceNote([], true)
  const passed = others.flatMap((other): PassedAccount[] => {
    const why = whyNot(waiting, other, beside)
    return why ? [why] : []
  })
  // The note is short, and says more of the others.
  const silent = ({ why }: PassedAccount) => why === 'no_news'
  return choiceNote(
    passed.toSorted((one, other) => Number(silent(one)) - Number(silent(other))),
    false
  )
}

/** Of several reasons the one that lasts longest. */
function whyNot(
  { item, sort }: WaitingItem,
  other: OtherAccount,
  { pauses, now }: Beside
): PassedAccount | undefined {
  const { account, lane, said, gaveBack, savedFor = item } = other
  const { email } = account
  const wish = { isJob: true, row: sort.route, meter: sort.meter, part: sort.part }
  if (sort.leftOut?.includes(account.key)) return { email, why: 'refused' }
  const parking = recordedParking(account, wish) ?? findParking(said?.parkings ?? [], wish, now)
  if (parking) return passedAsParked(email, parking)
  if (isPaused(pauses, sort.token, lane)) return { email, why: 'paused' }
  if (sort.slots > account.maxJobs) return { email, why: 'too_few_slots' }
  if (gaveBack) return { email, why: 'gave_back' }
  if (!said) return { email, why: other.isLate ? 'seemed_full' : 'no_news' }
  if (!hasRoom(said, sort)) return { email, why: said.isAwake ? 'full' : 'seemed_full' }
  if (savedFor !== item) return { email, why: 'saving_up' }
  return other.isLate ? { email, why: 'seemed_full' } : undefined
}

function hasRoom({ pull }: Said, { slots, limit = Infinity }: WaitingItem['sort']): boolean {
  return pull !== undefined && slots <= pull.free && pull.held + slots <= limit
}
