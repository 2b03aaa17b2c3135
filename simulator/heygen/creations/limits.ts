/** Limits that refuse a valid creation: credits, trial, concurrency, number of items. */
import { activeJobs, countedSlots, endsAt, videosToday } from '../../jobs/counts.ts'
import { canPay, priceOf } from '../../jobs/prices.ts'
import type { Call } from '../answers/call.ts'
import { envelopeOf, invalid, refuse, tooMany } from '../answers/errors.ts'

export function assertRoom(call: Call, type: string, count: number): void {
  const { account, row } = call
  const envelope = envelopeOf(row)
  const price = priceOf(call.text)
  if (envelope === 'v3' && !canPay(account, price)) {
    const message =
      price > 1
        ? `Your account has ${account.credits} credits but this video requires ${price} credits.`
        : 'Insufficient credits to perform this action.'
    throw refuse(envelope, { status: 402, number: 402, code: 'insufficient_credit', message })
  }
  assertTrial(call, type)
  assertConcurrency(call, count)
}

const MINUTE_MS = 60_000

/** Calls for speech in any minute. Documented: 30 for each member of a workspace. */
export function assertSpeechRate({ state, account, row }: Call): void {
  const limit = account.speechPerMinute
  if (limit === null || !/tts|speech/.test(row.path)) return
  const now = state.now()
  const recent = (state.speechAt.get(account.key) ?? []).filter((at) => at > now - MINUTE_MS)
  const [first] = recent
  if (first !== undefined && recent.length >= limit)
    throw tooMany(envelopeOf(row), Math.ceil((first + MINUTE_MS - now) / 1000))
  state.speechAt.set(account.key, [...recent, now])
}

export function assertConcurrency(call: Call, count: number): void {
  const { state, account, row } = call
  if (account.overflow !== 'refuse' || account.concurrency === null) return
  if (countedSlots(state, account) + count <= account.concurrency) return
  // If not all languages of a translation fit, none is started [guess].
  const ends = activeJobs(state, account).map((job) => endsAt(job) ?? Infinity)
  const first = Math.min(...ends, state.now() + 30_000)
  throw tooMany(envelopeOf(row), Math.max(1, Math.ceil((first - state.now()) / 1000)))
}

function assertTrial(call: Call, type: string): void {
  const { state, account, row } = call
  const limit = account.trialDailyLimit
  if (limit === null || type !== 'video') return
  if (videosToday(state, account) < limit) return
  throw refuse(envelopeOf(row), {
    status: 429,
    number: 400664,
    code: 'trial_video_limit_exceeded',
    message: `It seems you've reached your daily api trial limit ${limit}.`,
  })
}

export function assertCount(call: Call, name: string, items: unknown): unknown[] {
  if (Array.isArray(items) && items.length > 0 && items.length <= 100) return items
  throw invalid(envelopeOf(call.row), `${name} must have 1 to 100 items.`, name)
}
