/** When the object's alarm has to come for what is owed. */
import { expect, test, vi } from 'vitest'
import type { AttemptResult, Delivery } from '#domain/events/delivery.ts'
import { pendingOf } from '#domain/events/delivery-queue.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import { Outbox } from '#durable/account/outbox.ts'

function delivery(id: string): Delivery {
  const now = Date.now()
  return {
    id,
    provider: 'heygen',
    tenant: 't',
    event: { id, type: 'avatar_video.success', body: '{}' },
    mentions: [],
    target: { kind: 'callback', url: 'https://client.example.com/slow' },
    state: 'pending',
    createdAt: now,
    startedAt: now,
    nextAt: now,
    tries: 0,
    attempts: [],
  }
}

/** The rows that an outbox reads bodies from. */
function rowsOf(...deliveries: Delivery[]) {
  const rows = new Map(deliveries.map((one) => [one.id, one]))
  return {
    load: (id: string) => rows.get(id) ?? delivery(id),
    save: (changed: Delivery[]) => {
      for (const one of changed) rows.set(one.id, one)
    },
    onSaved: () => {},
  }
}

test('a delivery that is due again at once is never under way twice at the same time [I3]', async () => {
  let under = 0
  let most = 0
  let tries = 0
  const outbox = new Outbox([], {
    // So short that the next attempt is due when one ends.
    durations: () => ({ ...durationsAt(1), deliverAtMs: [0, 1, 2, 3, 60_000] }),
    now: () => Date.now(),
    random: () => 0.5,
    isOwed: () => false,
    connections: () => 6,
    readTargets: () => Promise.resolve({ endpoints: [] }),
    send: async () => {
      most = Math.max(most, (under += 1))
      tries += 1
      await new Promise((resolve) => setTimeout(resolve, 5))
      under -= 1
      return { at: Date.now(), ms: 5, status: tries < 4 ? 500 : 200, isAccepted: tries >= 4 }
    },
    ...rowsOf(),
  })
  const now = Date.now()
  outbox.add([{ ...delivery('evt_again'), startedAt: now, nextAt: now }])
  await expect.poll(() => outbox.isEmpty).toBe(true)
  expect([most, tries]).toEqual([1, 4])
})

/** An outbox whose receivers never answer. */
function hanging(): Outbox {
  return new Outbox([], {
    durations: () => durationsAt(1),
    now: () => Date.now(),
    random: () => 0.5,
    isOwed: () => false,
    connections: () => 6,
    readTargets: () => Promise.resolve({ endpoints: [] }),
    send: () => new Promise(() => {}),
    ...rowsOf(),
  })
}

test('what waits for a free connection does not call the alarm at once, again and again', () => {
  const outbox = hanging()
  const before = Date.now()
  outbox.add(Array.from({ length: 8 }, (_, index) => delivery(`evt_${index}`)))
  expect(outbox.isSending('evt_0')).toBe(true)
  expect(outbox.isSending('evt_7')).toBe(false)
  expect(outbox.dueAt()).toBeGreaterThan(before + 5000)
})

/** Due for a second. */
function overdue(id: string): Delivery {
  return { ...delivery(id), createdAt: 0, startedAt: 0, nextAt: Date.now() - 1000 }
}

function outboxWith(send: () => Promise<AttemptResult>): Outbox {
  return new Outbox([], {
    durations: () => durationsAt(1),
    now: () => Date.now(),
    random: () => 0.5,
    isOwed: () => false,
    connections: () => 6,
    readTargets: async () => ({ endpoints: [] }),
    send,
    ...rowsOf(),
  })
}

test('what waits for a connection does not make the alarm ring again and again', async () => {
  const outbox = outboxWith(() => new Promise(() => {}))
  const before = Date.now()
  outbox.add(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(overdue))
  expect(outbox.isSending('a')).toBe(true)
  expect(outbox.isSending('h')).toBe(false)
  expect(outbox.dueAt()).toBeGreaterThan(before + 10_000)
})

test('what waits for a connection is sent when one is free [I3]', async () => {
  const sent: string[] = []
  const outbox = outboxWith(async () => ({ at: 0, ms: 1, isAccepted: sent.push('one') > 0 }))
  outbox.add(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(overdue))
  await expect.poll(() => outbox.isEmpty).toBe(true)
  expect(sent).toHaveLength(8)
  expect(outbox.dueAt()).toBeUndefined()
})

test('an attempt that hangs is made again, and the alarm does not ring for it without end [I3]', async () => {
  vi.useFakeTimers()
  try {
    const answers: ((result: AttemptResult) => void)[] = []
    const outbox = outboxWith(() => new Promise((resolve) => answers.push(resolve)))
    outbox.add([delivery('evt_hangs')])
    await vi.advanceTimersByTimeAsync(16_000)
    expect(answers).toHaveLength(1)
    outbox.startDue()
    expect(outbox.dueAt()).toBeGreaterThan(Date.now() + 5000)
    await vi.advanceTimersByTimeAsync(0)
    expect(answers).toHaveLength(2)
    answers[1]?.({ at: Date.now(), ms: 1, isAccepted: true })
    await vi.advanceTimersByTimeAsync(0)
    expect(outbox.isEmpty).toBe(true)
    // What the first one comes to after that changes nothing.
    answers[0]?.({ at: Date.now(), ms: 16_000, isAccepted: false, error: 'too late' })
    await vi.advanceTimersByTimeAsync(0)
    expect(outbox.isEmpty).toBe(true)
  } finally {
    vi.useRealTimers()
  }
})

test('of what is owed only the names and times are in memory, the body while it is sent', async () => {
  const rows = new Map<string, Delivery>()
  const bodies: string[] = []
  const outbox = new Outbox([pendingOf(delivery('evt_a'))], {
    durations: () => durationsAt(1),
    now: () => Date.now(),
    random: () => 0.5,
    isOwed: () => false,
    connections: () => 6,
    load: (id) => rows.get(id),
    readTargets: async () => ({ endpoints: [] }),
    send: async ({ event }) => {
      bodies.push(event.body)
      return { at: 0, ms: 1, isAccepted: true }
    },
    save: () => {},
    onSaved: () => {},
  })
  rows.set('evt_a', { ...delivery('evt_a'), event: { id: 'evt_a', type: 't', body: 'read late' } })
  outbox.startDue()
  await expect.poll(() => outbox.isEmpty).toBe(true)
  expect(bodies).toEqual(['read late'])
})

test('what is gone from the tables is not owed any more', async () => {
  const outbox = new Outbox([pendingOf(delivery('evt_gone'))], {
    durations: () => durationsAt(1),
    now: () => Date.now(),
    random: () => 0.5,
    isOwed: () => false,
    connections: () => 6,
    load: () => undefined,
    readTargets: async () => ({ endpoints: [] }),
    send: () => Promise.reject(new Error('nothing to send')),
    save: () => {},
    onSaved: () => {},
  })
  outbox.startDue()
  await expect.poll(() => outbox.isEmpty).toBe(true)
})

test('a delivery that cannot be read keeps no other from being sent, and is tried again later [I3]', async () => {
  const start = Date.now() + 1000
  let at = start
  let reads = 0
  const sent: string[] = []
  const unreadable = pendingOf(delivery('evt_unreadable'))
  const outbox = new Outbox([unreadable, pendingOf(delivery('evt_good'))], {
    durations: () => durationsAt(1),
    now: () => at,
    random: () => 0.5,
    isOwed: () => false,
    connections: () => 6,
    load: (id) => {
      if (id !== 'evt_unreadable') return delivery(id)
      reads += 1
      if (at === start) throw new Error('no such row')
      return delivery(id)
    },
    readTargets: async () => ({ endpoints: [] }),
    send: async ({ event }) => {
      sent.push(event.id)
      return { at, ms: 1, isAccepted: true }
    },
    save: () => {},
    onSaved: () => {},
  })
  outbox.startDue()
  await expect.poll(() => sent).toEqual(['evt_good'])
  expect(reads).toBe(1)
  at = outbox.dueAt() ?? 0
  expect(at).toBeGreaterThan(start)
  outbox.startDue()
  await expect.poll(() => sent).toEqual(['evt_good', 'evt_unreadable'])
})

test('an attempt that could not be made at all is noted, and made again later [I3]', async () => {
  const kept: Delivery[] = []
  const outbox = new Outbox([], {
    durations: () => durationsAt(1),
    now: () => Date.now(),
    random: () => 0.5,
    isOwed: () => false,
    connections: () => 6,
    readTargets: () => Promise.resolve({ endpoints: [] }),
    send: () => Promise.reject(new Error('no vault')),
    ...rowsOf(),
    save: (changed: Delivery[]) => void kept.push(...changed),
  })
  const before = Date.now()
  outbox.add([delivery('evt_unsendable')])
  await expect.poll(() => kept.length).toBe(1)
  expect(kept[0]).toMatchObject({ state: 'pending', attempts: [{ error: expect.any(String) }] })
  expect(outbox.dueAt()).toBeGreaterThan(before + 1000)
})

test('while storage fails, a delivery that is long due is not tried without a pause [I3]', async () => {
  let tries = 0
  const unsaved = { ...overdue('evt_unsaved'), nextAt: 0 }
  const outbox = new Outbox([pendingOf(unsaved)], {
    durations: () => durationsAt(1),
    now: () => 60_000,
    random: () => 0.5,
    isOwed: () => false,
    connections: () => 6,
    load: () => unsaved,
    readTargets: async () => ({ endpoints: [] }),
    send: async () => {
      // So that a loop ends.
      if ((tries += 1) > 100) await new Promise(() => {})
      return { at: 0, ms: 1, status: 500, isAccepted: false }
    },
    save: () => {
      throw new Error('the disk is full')
    },
    onSaved: () => {},
  })
  outbox.startDue()
  await new Promise((resolve) => setTimeout(resolve, 0))
  expect(tries).toBe(1)
  expect(outbox.dueAt()).toBe(120_000)
})

test('a receiver that failed gets two connections until it takes something', async () => {
  let isUp = false
  const under: (() => void)[] = []
  const outbox = new Outbox([], {
    durations: () => durationsAt(1),
    now: () => Date.now(),
    random: () => 0.5,
    isOwed: () => false,
    connections: () => 6,
    readTargets: () => Promise.resolve({ endpoints: [] }),
    send: async () => {
      await new Promise<void>((resolve) => under.push(resolve))
      return { at: Date.now(), ms: 1, status: isUp ? 200 : 500, isAccepted: isUp }
    },
    ...rowsOf(),
  })
  outbox.add([delivery('evt_first')])
  await expect.poll(() => under.length).toBe(1)
  under.pop()?.()
  await expect.poll(() => outbox.isSending('evt_first')).toBe(false)
  isUp = true
  outbox.add(Array.from({ length: 8 }, (_, index) => delivery(`evt_more_${index}`)))
  await expect.poll(() => under.length).toBe(2)
  under.shift()?.()
  await expect.poll(() => under.length).toBe(4)
})

test('a first attempt that has no row yet is guarded by an alarm within ten minutes, and needs none before [I3]', () => {
  const outbox = new Outbox([], {
    durations: () => durationsAt(1),
    now: () => Date.now(),
    random: () => 0.5,
    isOwed: () => true,
    connections: () => 6,
    readTargets: () => Promise.resolve({ endpoints: [] }),
    send: () => new Promise(() => {}),
    ...rowsOf(),
  })
  const before = Date.now()
  outbox.add(Array.from({ length: 8 }, (_, index) => delivery(`evt_${index}`)))
  expect(outbox.dueAt()).toBeGreaterThanOrEqual(before + 600_000)
  expect(outbox.dueAt()).toBeLessThanOrEqual(Date.now() + 600_000)
})
