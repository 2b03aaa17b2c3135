import { expect, test } from 'vitest'
import { toEndpoints, type Delivery } from '#domain/events/delivery.ts'
import type { DeliveryTargets, Endpoint } from '#domain/events/endpoint.ts'
import { missedDeliveries, missedSince } from '#domain/events/missed-endpoints.ts'
import { packOwed, unpackOwed } from '#domain/events/owed-deliveries.ts'

const MADE = 1_800_000_000_000
const CHANGED = MADE + 60_000
const SUCCESS = ['avatar_video.success']

function endpoint(id: string, more: Partial<Endpoint> = {}): Endpoint {
  const url = `https://${id}.example.com/`
  return {
    id,
    url,
    events: null,
    entityId: null,
    status: 'enabled',
    secret: 's',
    createdAt: MADE,
    ...more,
  }
}

const of = (...endpoints: Endpoint[]): DeliveryTargets => ({ endpoints })

function news(mentions: string[] = []): Delivery {
  const event = { id: 'evt_1', type: 'avatar_video.success', body: '{}' }
  const made = toEndpoints(
    { provider: 'heygen', tenant: 't', event, eventId: 'evt_1', mentions },
    MADE
  )
  if (!made) throw new Error('no endpoint gets it')
  return made
}

/** Who is told of an end at this time. */
function told(
  before: DeliveryTargets,
  after: DeliveryTargets,
  endedAt: number,
  about = news()
): unknown[] {
  const missed = missedDeliveries(about, endedAt, { before, after }, CHANGED + 5)
  return missed.map(({ target }) => target.kind === 'endpoint' && target.endpointId)
}

const off = endpoint('a', { status: 'disabled' })
const on = endpoint('a', { wishedAt: CHANGED })
const failures = endpoint('a', { events: ['avatar_video.fail'] })
const successes = endpoint('a', { events: SUCCESS, wishedAt: CHANGED })

test.each([
  ['a new endpoint', of(), of(endpoint('a')), MADE],
  ['one that was switched on', of(off), of(on), CHANGED],
  ['one that wants other events', of(failures), of(successes), CHANGED],
  ['one that was made and changed before the account took either', of(), of(on), MADE],
] as const)(
  '%s is told of what ended since, and of nothing before [I3]',
  (_, before, after, since) => {
    expect(missedSince(before, after)).toBe(since)
    expect(told(before, after, since)).toEqual(['a'])
    expect(told(before, after, since - 1)).toEqual([])
  }
)

test('an endpoint that was known is not told again', () => {
  const moved = endpoint('a', { url: 'https://other.example.com/', secret: 'other' })
  expect(missedSince(of(endpoint('a')), of(moved))).toBeUndefined()
  expect(told(of(endpoint('a')), of(moved, endpoint('b')), MADE)).toEqual(['b'])
})

test('an endpoint that does not want the event is not told', () => {
  const others = of(
    endpoint('a', { events: ['avatar_video.fail'] }),
    endpoint('b', { entityId: 'v2' }),
    endpoint('c', { status: 'disabled' })
  )
  expect(told(of(), others, MADE, news(['v1']))).toEqual([])
  expect(told(of(), others, MADE, news(['v2']))).toEqual(['b'])
})

test('what endpoints would be told stays with an ended job, also where nothing is owed or it has rows of its own', () => {
  const owed: Delivery = { ...news(), target: { kind: 'callback', url: 'https://c.example.com/' } }
  for (const deliveries of [[], [owed]]) {
    const { text = '', isOwing } = packOwed({ deliveries, toEndpoints: news() })
    expect(isOwing).toBe(deliveries.length > 0)
    expect(unpackOwed(text)).toEqual({ deliveries, toEndpoints: news() })
  }
  const long: Delivery = { ...owed, event: { ...owed.event, body: 'x'.repeat(70_000) } }
  const { text = '', isOwing } = packOwed({ deliveries: [long], toEndpoints: news() })
  expect([isOwing, unpackOwed(text)]).toEqual([false, { deliveries: [], toEndpoints: news() }])
  // Where the endpoints are not known, a row stands for all of them, and finds them when it is sent.
  expect(packOwed({ deliveries: [news()], toEndpoints: news() })).toEqual({ isOwing: false })
})
