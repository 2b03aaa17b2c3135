/** What the story of a queued job says of the accounts that did not get it. */
import { expect, test } from 'vitest'
import type { Parking } from '#domain/accounts/parking.ts'
import { NEVER } from '#domain/accounts/imported.ts'
import type { Pause } from '#domain/line/pauses.ts'
import { whyOthersNot, type OtherAccount } from '#domain/line/why-others-not.ts'
import { newItem, pullOf } from '../queue/pool.ts'

const NOW = 1000
const parked: Parking = { scope: 'jobs', reason: 'credit', detail: '', until: 2000, streak: 1 }
const item = newItem({ token: 'A' })
const beside: { pauses: Pause[]; now: number } = { pauses: [], now: NOW }

/** With a free slot, unless something else is said. */
function other(name: string, more: Partial<OtherAccount> = {}): OtherAccount {
  const account = { key: name, email: `${name}@x.org`, maxJobs: 3, ...more.account }
  const said = { pull: pullOf(name, 1, 2), parkings: [], isAwake: true }
  return { lane: `${name} 1`, said, isLate: false, gaveBack: false, ...more, account }
}

function said(free: number, held: number, isAwake: boolean, parkings: Parking[] = []) {
  return { said: { pull: { ...pullOf('b', free, held), parkings }, parkings, isAwake } }
}

/** What is said of one account. */
function wordsOf(more: Partial<OtherAccount>, waiting = item, about = beside) {
  const [passed] = whyOthersNot(waiting, [other('b', more)], about).passed ?? []
  if (!passed) return undefined
  const { email, ...why } = passed
  expect(email).toBe('b@x.org')
  return [why]
}

const account = { key: 'b', email: 'b@x.org', maxJobs: 3 }

test('a full account is told as full while it asks by itself, and else as full lately', () => {
  expect(wordsOf(said(0, 3, true))).toEqual([{ why: 'full' }])
  expect(wordsOf(said(0, 3, false))).toEqual([{ why: 'seemed_full' }])
  // It was told, and did not ask.
  expect(wordsOf({ said: { parkings: [], isAwake: true } })).toEqual([{ why: 'full' }])
  expect(wordsOf({ isLate: true })).toEqual([{ why: 'seemed_full' }])
  expect(wordsOf({ said: undefined, isLate: true })).toEqual([{ why: 'seemed_full' }])
  const limited = { ...item, sort: { ...item.sort, limit: 2 } }
  expect(wordsOf({}, limited)).toEqual([{ why: 'full' }])
  expect(wordsOf({}, newItem({ token: 'A', slots: 2 }))).toEqual([{ why: 'full' }])
  expect(wordsOf({}, newItem({ token: 'A', slots: 4 }))).toEqual([{ why: 'too_few_slots' }])
})

test('a parked, drained or imported account is told with the reason, and until when', () => {
  expect(wordsOf(said(1, 0, true, [parked]))).toEqual([
    { why: 'parked', reason: 'credit', until: 2000 },
  ])
  expect(wordsOf(said(1, 0, true, [{ ...parked, until: NOW }]))).toBeUndefined()
  expect(wordsOf(said(1, 0, true, [{ ...parked, scope: 'meter:avatar' }]))).toBeUndefined()
  // It was told of work, and did not ask.
  expect(wordsOf({ said: { parkings: [parked], isAwake: true } })).toEqual([
    { why: 'parked', reason: 'credit', until: 2000 },
  ])
  for (const [reason, record] of [
    ['drained', { isDrained: true }],
    ['imported', { isImported: true }],
  ] as const) {
    const why = { why: 'parked', reason, until: NEVER }
    // Nobody asks it, so it has said nothing.
    expect(wordsOf({ account: { ...account, ...record }, said: undefined })).toEqual([why])
  }
})

test('a pause, a refusal, slots saved up and an item given back have words of their own', () => {
  const at = (pauses: Pause[]) => ({ ...beside, pauses })
  expect(wordsOf({}, item, at([{ lane: 'b 1' }]))).toEqual([{ why: 'paused' }])
  expect(wordsOf({}, item, at([{ lane: 'b 1', token: 'B' }]))).toBeUndefined()
  const refused = { ...item, sort: { ...item.sort, leftOut: ['b'] } }
  expect(wordsOf(said(0, 3, true, [parked]), refused)).toEqual([{ why: 'refused' }])
  expect(wordsOf({ savedFor: 'another' })).toEqual([{ why: 'saving_up' }])
  expect(wordsOf({ savedFor: item.item })).toBeUndefined()
  expect(wordsOf({ gaveBack: true })).toEqual([{ why: 'gave_back' }])
})

test('an account that could have started it too is not named, and of a pinned item none is', () => {
  expect(whyOthersNot(item, [other('b')], beside)).toEqual({})
  const pinned = newItem({ token: 'A', lane: 'a' })
  expect(whyOthersNot(pinned, [other('b', said(0, 3, true))], beside)).toEqual({ isPinned: true })
})

test('ten are named at most, and those of which nothing is known come last', () => {
  const silent = Array.from({ length: 30 }, (_, n) => other(`s${n}`, { said: undefined }))
  const { passed = [], more } = whyOthersNot(
    item,
    [...silent, other('b', said(0, 3, true))],
    beside
  )
  expect([passed.length, more]).toEqual([10, 21])
  expect(passed[0]).toEqual({ email: 'b@x.org', why: 'full' })
  expect(passed[1]).toEqual({ email: 's0@x.org', why: 'no_news' })
})
