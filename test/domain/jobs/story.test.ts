/** The story of a job, from what is kept of it. */
import { expect, test } from 'vitest'
import { storyOf, withoutAccounts, type StoryFacts } from '#domain/jobs/story.ts'
import { choiceNote } from '#domain/slots/choice-note.ts'
import { newLease } from '#domain/slots/lease.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const NOW = 1_800_000_000_000
const accounts = ['a', 'b', 'c'].map((name) => ({
  key: `heygen/${name}`,
  email: `${name}@x.org`,
  createdAt: NOW - 1000,
}))

function leaseWith(choice: ReturnType<typeof choiceNote>) {
  const ask = {
    leaseId: 'r',
    tenant: 't',
    kind: 'job' as const,
    route: 'POST /v3/videos',
    count: 1,
    fingerprint: {},
    choice,
  }
  return newLease(ask, 0, NOW, durationsAt(1))
}

function slotIn(facts: StoryFacts) {
  return storyOf(facts).find(({ what }) => what === 'slot')
}

test('accounts that were not reached are told apart from those that were passed over', () => {
  const choice = choiceNote([{ email: 'b@x.org', why: 'full' }], false)
  const slot = slotIn({ accounts, email: 'a@x.org', record: { lease: leaseWith(choice) } })
  expect(slot?.others).toEqual([
    { account: 'b@x.org', why: 'full' },
    { account: 'c@x.org', why: 'not_tried' },
  ])
  expect(slot?.more).toBeUndefined()
})

test('an account that was added later is not said to have been passed over', () => {
  const late = [...accounts, { key: 'heygen/d', email: 'd@x.org', createdAt: NOW + 1 }]
  const lease = leaseWith(choiceNote([], false))
  const slot = slotIn({ accounts: late, email: 'a@x.org', record: { lease } })
  expect(slot?.others?.map(({ account }) => account)).toEqual(['b@x.org', 'c@x.org'])
})

test('a lease names ten accounts at most, and says how many more there were', () => {
  const many = Array.from({ length: 30 }, (_, at) => ({
    email: `${at}@x.org`,
    why: 'full' as const,
  }))
  const choice = choiceNote(many, false)
  expect(choice.passed).toHaveLength(10)
  expect(choice.more).toBe(20)
  const slot = slotIn({ accounts: [], email: 'a@x.org', record: { lease: leaseWith(choice) } })
  expect(slot?.more).toBe(20)
})

test('each time that an item came back is told with its account and its reason', () => {
  const item = {
    askedAt: NOW,
    tries: [
      { account: 'heygen/a', at: NOW + 10, why: 'full', backAt: NOW + 20 },
      { account: 'heygen/gone', at: NOW + 30 },
    ],
  }
  expect(storyOf({ accounts, item })).toEqual([
    { at: NOW, what: 'asked' },
    { at: NOW, what: 'queued' },
    { at: NOW + 10, what: 'chosen', account: 'a@x.org' },
    { at: NOW + 20, what: 'given_back', account: 'a@x.org', why: 'full' },
    { at: NOW + 30, what: 'chosen' },
  ])
})

test('a token that sees only its own hears of no account, and of nobody who was passed over', () => {
  const choice = choiceNote([{ email: 'b@x.org', why: 'full' }], false)
  const lease = leaseWith(choice)
  const back = (why: string) => ({ account: 'heygen/a', at: NOW, why, backAt: NOW })
  const tries = [back('parked: credit'), back('not ready'), { account: 'heygen/a', at: NOW }]
  const item = { askedAt: NOW, lane: 'a@x.org', tries }
  const text = JSON.stringify(
    withoutAccounts(storyOf({ accounts, email: 'a@x.org', item, record: { lease } }))
  )
  expect(text).not.toContain('x.org')
  expect(text).toContain('"slot"')
  // How the accounts of the pool are is not its business. What the provider said of its own creation is.
  expect(text).not.toContain('credit')
  expect(text).toContain('not ready')
})
