/** Why a creation is refused although its body is right: money, trial, concurrency, number of items. */
import type { Call } from '../answers/call.ts'
import { envelopeOf, invalid, refuse, tooMany } from '../answers/errors.ts'
import { activeJobs, countedJobs, endsAt } from '../../jobs/jobs.ts'
import { canPay, priceOf } from '../../jobs/prices.ts'

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

/** Speech: so many calls in a minute [doc: 30 per workspace member]. */
export function assertSpeechRate({ state, account, row }: Call): void {
  const limit = account.speechPerMinute
  if (limit === null || !/tts|speech/.test(row.path)) return
  const now = state.now()
  const lately = (state.speechAt.get(account.key) ?? []).filter((at) => at > now - MINUTE_MS)
  const [first] = lately
  if (first !== undefined && lately.length >= limit)
    throw tooMany(envelopeOf(row), Math.ceil((first + MINUTE_MS - now) / 1000))
  state.speechAt.set(account.key, [...lately, now])
}

export function assertConcurrency(call: Call, count: number): void {
  const { state, account, row } = call
  if (account.overflow !== 'refuse' || account.concurrency === null) return
  if (countedJobs(state, account) + count <= account.concurrency) return
  // Several languages that do not all fit: nothing is started [guess].
  const ends = activeJobs(state, account).map((job) => endsAt(job) ?? Infinity)
  const first = Math.min(...ends, state.now() + 30_000)
  throw tooMany(envelopeOf(row), Math.max(1, Math.ceil((first - state.now()) / 1000)))
}

function assertTrial(call: Call, type: string): void {
  const { state, account, row } = call
  const limit = account.trialDailyLimit
  if (limit === null || type !== 'video') return
  const today = new Date(state.now()).toISOString().slice(0, 10)
  const count = account.startedToday.day === today ? account.startedToday.count : 0
  if (count < limit) return
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
