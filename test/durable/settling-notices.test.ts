/** What a change of an account's ledger sets off beside itself. */
import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import type { Lease } from '#domain/slots/lease.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { SlotDesk } from '#domain/ports/slots.ts'
import { Settlement } from '#durable/account/settlement.ts'
import type { DeliveryTargetsCache } from '#durable/account/delivery-targets.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'
import { SlotWatchers } from '#durable/account/slot-watchers.ts'
import { getProvider } from '#providers/index.ts'

const lease = (id: string, state: Lease['state']) => ({ id, state, kind: 'job' }) as Lease

/** An account of two slots that a desk watches. */
function watched() {
  const leases = new Map<string, Lease>()
  const told: (number | undefined)[] = []
  const tables = {
    account: () => ({ maxJobs: 2, tenant: 't', provider: 'heygen', key: 'k' }) as Account,
    apply: ({ put }: { put: Lease[] }) => {
      for (const one of put) leases.set(one.id, one)
      return []
    },
    hook: () => undefined,
    isRetired: () => false,
    leases: () => [...leases.values()],
    parkings: () => [],
    live: { waitedUntil: () => 0, saveWaited: () => {} },
  } as unknown as SlotsTables
  const desk = { noteFreed: async (_: string, slots?: number) => void told.push(slots) }
  const ports = { ...platform, desk: () => desk, defer: () => {} } as unknown as Ports
  const context = {
    tables,
    now: platform.now,
    random: platform.random,
    ports: () => ports,
    durations: () => durationsAt(1),
    provider: () => getProvider('heygen'),
    defer: () => {},
    pause: async () => {},
    key: () => 'k',
    self: () => ({}) as SlotDesk,
  }
  const settling: Settlement = new Settlement(context, {} as DeliveryTargetsCache, {
    isAlarmChecking: () => false,
    lastEventAt: () => 0,
    queueDeliveries: () => {},
    applyDeferredAfter: async (change) => change(),
    onEnded: () => {},
    onDecided: () => {},
    onSlotsChanged: () => watching.onSlotsChanged(),
  })
  const sender = { onSlotsChanged: () => false, pullIfMore: () => false }
  const watching = new SlotWatchers(
    context,
    () => settling.ledger(),
    () => sender
  )
  const put = (...changed: Lease[]) => settling.save({ put: changed, drop: [], ended: [] })
  return { put, watching, told }
}

test('a slot that a job gave up while it waited, took back and gave up again is told each time', () => {
  const { put, watching, told } = watched()
  put(lease('talks', 'running'), lease('other', 'running'))
  expect(watching.watch(Date.now() + 60_000)).toEqual({ free: 0 })
  put(lease('talks', 'waiting'))
  put(lease('talks', 'running'))
  put(lease('other', 'waiting'))
  expect(told).toEqual([1, 1])
})
