/** When a master key may be taken out. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import {
  beginPass,
  heldByOthers,
  nothingFound,
  removableFrom,
  statusOf,
  addStep,
  withSealed,
  type ResealState,
  type ResealStep,
} from '#domain/access/reseal.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const WAITS = durationsAt(1)
const NOW = Date.UTC(2026, 10, 28)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const END = { place: undefined, tenantsPassed: 1 }

function found(more: Partial<ResealStep> = {}): ResealStep {
  return { ...nothingFound(), ...more }
}

/** A pass that begins at a time and ends a minute later with this. */
function passed(state: ResealState | undefined, at: number, step: ResealStep): ResealState {
  return addStep(beginPass(state, 'k2', at, WAITS), step, END, at + MINUTE)
}

const SEALED = found({ resealed: { credentials: 1 }, byKey: { k1: 1 } })

test('the first pass never makes a key removable, even when it found nothing', () => {
  const state = passed(undefined, NOW, found())
  expect(removableFrom(state, WAITS)).toBeUndefined()
  expect(statusOf(state, 'k2', NOW + 72 * HOUR, WAITS)).toBe('waiting')
})

test('48 hours after the start of the first clean pass a last one that finds nothing makes the key removable', () => {
  let state = passed(undefined, NOW, SEALED)
  const clean = NOW + 20 * MINUTE
  state = passed(state, clean, found())
  state = passed(state, clean + HOUR, found())
  expect(removableFrom(state, WAITS)).toBe(clean + 48 * HOUR)
  expect(statusOf(state, 'k2', clean + 48 * HOUR - 1, WAITS)).toBe('aging')
  expect(statusOf(state, 'k2', clean + 48 * HOUR, WAITS)).toBe('waiting')
  expect(heldByOthers(state, clean + 24 * HOUR, WAITS)).toHaveLength(1)
  expect(heldByOthers(state, clean + 48 * HOUR, WAITS)).toEqual([])
  state = passed(state, clean + 48 * HOUR, found())
  expect(statusOf(state, 'k2', clean + 49 * HOUR, WAITS)).toBe('removable')
})

test('what an older first key sealed while it was put back for a while is found before anything is said to be removable [I6]', () => {
  let state = passed(passed(undefined, NOW, SEALED), NOW + HOUR, found())
  const late = NOW + 50 * HOUR
  expect(statusOf(state, 'k2', late, WAITS)).not.toBe('removable')
  const running = addStep(
    beginPass(state, 'k2', late, WAITS),
    SEALED,
    { place: { tenant: 't', provider: 'heygen' }, tenantsPassed: 0 },
    late
  )
  expect(statusOf(running, 'k2', late, WAITS)).toBe('running')
  state = passed(state, late, SEALED)
  expect(statusOf(state, 'k2', late + 100 * HOUR, WAITS)).toBe('waiting')
})

test.each([
  ['a text of the old key', SEALED],
  ['a webhook of the old key', found({ hooks: 1 })],
  ['a KV copy that is behind', found({ copies: 1 })],
  ['an object that works with other keys', found({ behind: 1 })],
])('%s starts the wait anew', (_, step) => {
  let state = passed(undefined, NOW, SEALED)
  state = passed(state, NOW + HOUR, found())
  state = passed(state, NOW + 2 * HOUR, step)
  expect(removableFrom(state, WAITS)).toBeUndefined()
  expect(statusOf(state, 'k2', NOW + 100 * HOUR, WAITS)).toBe('waiting')
})

test('what nobody can make good holds nothing up', () => {
  const step = found({
    unreadable: { byKey: { k0: 3 }, examples: [] },
    stalledHooks: [{ tenant: 't', account: 'a@b.c', message: 'HeyGen answered 401' }],
  })
  const state = passed(passed(undefined, NOW, step), NOW + HOUR, step)
  expect(removableFrom(state, WAITS)).toBe(NOW + 49 * HOUR)
})

test('a pass is not followed by another before ten minutes are over, and goes on from its place until it ends', () => {
  const place = { tenant: 't', provider: 'heygen' }
  const half = addStep(
    beginPass(undefined, 'k2', NOW, WAITS),
    SEALED,
    { place, tenantsPassed: 3 },
    NOW
  )
  expect(beginPass(half, 'k2', NOW + 9 * HOUR, WAITS)).toBe(half)
  const ended = addStep(half, SEALED, END, NOW + HOUR)
  expect(ended.pass.found.resealed.credentials).toBe(2)
  expect(beginPass(ended, 'k2', NOW + HOUR + 10 * MINUTE - 1, WAITS)).toBe(ended)
  expect(beginPass(ended, 'k2', NOW + HOUR + 10 * MINUTE, WAITS).pass).toMatchObject({
    number: 2,
    place: {},
  })
})

test('another first key starts anew', () => {
  const state = passed(passed(undefined, NOW, SEALED), NOW + HOUR, found())
  expect(statusOf(state, 'k3', NOW + 100 * HOUR, WAITS)).toBe('none')
  const anew = beginPass(state, 'k3', NOW + 2 * HOUR, WAITS)
  expect(anew).toMatchObject({ key: 'k3', version: state.version, pass: { number: 1 } })
  expect(anew.cleanSince).toBeUndefined()
})

test('a credential or session that changed meanwhile is left as it is', () => {
  const session = { sealed: 'k1.s', view: {}, obtainedAt: 0, expiresAt: 0 }
  const before = { credential: 'k1.c', session } as never
  const anew = { credential: 'k2.c', session: 'k2.s' }
  const renewed = { credential: 'k1.c', session: { ...session, sealed: 'k2.renewed' } } as never
  expect(withSealed(before, before, anew)).toMatchObject({
    credential: 'k2.c',
    session: { sealed: 'k2.s' },
  })
  expect(withSealed(renewed, before, anew)).toMatchObject({
    credential: 'k2.c',
    session: { sealed: 'k2.renewed' },
  })
  expect(withSealed({ credential: 'k2.other' } as never, before, anew)).toBeUndefined()
  expect(withSealed(before, before, {})).toBeUndefined()
})

/** Who seals, and how it gets to the first key: docs/rfc/0003-key-rotation.md. */
const SEALS = {
  'flows/accounts/add-account.ts': 'accounts, desk and object',
  'flows/accounts/open-account.ts': 'sessions, desk and object',
  'flows/accounts/sign-in.ts': 'sign-ins',
  'flows/events/webhook-endpoints.ts': 'endpoints',
  'flows/repeats/idempotency-key.ts': 'kept answers',
  'flows/events/maintain-webhook.ts': 'webhook secrets',
  'http/access/admin.ts': 'key pairs of tokens',
  'http/events/deliveries.ts': 'callback secrets',
  'flows/access/reseal-text.ts': 'the passes themselves',
  'flows/events/tickets.ts': 'webhook addresses: registered anew; tickets: waited for',
  'flows/lists/page-token.ts': 'waited for',
  'flows/streaming/stream-token.ts': 'waited for',
  'flows/alerts/alerts.ts': 'alert secrets',
  'flows/backup/make-export.ts': 'kept by the operator, outside of the gateway',
  'flows/backup/run-import.ts': 'as what was imported is sealed otherwise',
  'flows/live/live-ticket.ts': 'waited for: a minute',
  'flows/visibility/own-list.ts': 'page tokens of own lists: waited for',
  'flows/queue/item-text.ts': 'queued bodies, desk',
  'flows/queue/refusal.ts': 'queued refusals, desk',
}

test('whoever seals is known to the passes, or to what is waited for [I6]', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  const sealing = files
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => /vault\s*\.seal\(/.test(readFileSync(path.join('src', file), 'utf8')))
  expect(sealing.toSorted()).toEqual(Object.keys(SEALS).toSorted())
})
