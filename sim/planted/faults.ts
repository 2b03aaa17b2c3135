/**
 * Sabotages of `src`: one text that stands exactly once in one file, and what replaces it. Each breaks a promise, and the checkers
 * must see it. Those of MENDED put faults back that `src` has had.
 */
import { ATTACKS } from './attacks.ts'
import { FOUND } from './found.ts'
import { LINE } from './line.ts'
import { OWN } from './own.ts'
import type { PlantedFault, Written } from './written.ts'

const NEW: readonly Written[] = [
  {
    name: 'lease',
    harm: 'an account grants one slot more than it has',
    breaks: ['I1'],
    file: 'src/domain/slots/lease.ts',
    from: 'const hasRoom = held + wanted <= room',
    to: 'const hasRoom = held + wanted <= room + 1',
  },
  {
    name: 'lease in memory',
    harm: 'a new lease is not written, and a restart forgets it',
    breaks: ['I1', 'I3', 'I4'],
    file: 'src/durable/account-tables/lease-rows.ts',
    from: 'if (stored && this.isOnlySpaced(stored, lease)) return this.#refresh()',
    to: 'if (!stored || this.isOnlySpaced(stored, lease)) { rows.set(lease.id, lease); return this.#refresh() }',
  },
  {
    name: 'fold',
    harm: 'what was added up for usage is added up again',
    breaks: ['usage'],
    file: 'src/durable/usage/usage-rows.ts',
    from: 'if (byTenant.size > 0) this',
    to: 'if (byTenant.size < 0) this',
  },
  {
    name: 'fold before the deletion',
    harm: 'old ended jobs are deleted before they are added up for usage',
    breaks: ['usage'],
    file: 'src/durable/account/retention.ts',
    from: 'tables.usage.fold(now, foldUsageMs)',
    to: 'void foldUsageMs',
  },
  {
    name: 'unsure',
    harm: 'an answer that does not say whether a job was started counts as a refusal',
    breaks: ['I1', 'I3', 'I4'],
    file: 'src/flows/creations/start-job.ts',
    from: "if (!verdict || verdict.kind === 'unsure') return",
    to: 'if (!verdict) return',
  },
  {
    name: 'bind',
    harm: 'of the jobs of one creation only the first keeps its slot',
    breaks: ['I1', 'I3', 'I4'],
    file: 'src/domain/jobs/bind-jobs.ts',
    from: 'drop: open.slice(unbound.length)',
    to: 'drop: open.slice(1)',
  },
  {
    name: 'settle',
    harm: 'an end is saved without what it owes to the endpoints',
    breaks: ['I3'],
    file: 'src/durable/account/settlement.ts',
    from: 'const news = { deliveries: deliver(announced), toEndpoints: toEndpoints(announced, at) }',
    to: "const news = { deliveries: deliver(announced).filter(({ target }) => target.kind !== 'endpoint' || !end.heard?.event), toEndpoints: toEndpoints(announced, at) }",
  },
  {
    name: 'reconcile',
    harm: 'a job that no event tells is never asked about',
    breaks: ['I2', 'I3'],
    file: 'src/domain/jobs/reconcile.ts',
    from: "if (lease.state !== 'unbound') return 'check'",
    to: "if (lease.state !== 'unbound') return 'wait'",
  },
  {
    name: 'park',
    harm: 'an account whose key was refused is never asked again',
    breaks: ['I2'],
    file: 'src/domain/accounts/account-checks.ts',
    from: 'return provedParkings(parkings).filter(({ until }) => until <= now)',
    to: 'return provedParkings(parkings).filter(({ until }) => until + 9e12 <= now)',
  },
  {
    name: 'outbox',
    harm: 'after a restart the deliveries that are a part of their ended job are forgotten',
    breaks: ['I3'],
    file: 'src/durable/account-tables/slots-tables.ts',
    from: 'return [...withRows, ...owed]',
    to: 'return owed.length < 0 ? owed : withRows',
  },
  {
    name: 'outbox row',
    harm: 'a lease is written over the row of an end that still owes a delivery',
    breaks: ['I3'],
    file: 'src/durable/account-tables/slots-tables.ts',
    from: 'this.leaseRows.mayReuse = (id) => !this.deliveries.isOwedBy(id)',
    to: 'this.leaseRows.mayReuse = () => true',
  },
  {
    name: 'retry',
    harm: 'a receiver that answered 5xx is not called again',
    breaks: ['I3'],
    file: 'src/domain/events/delivery.ts',
    from: "if (isAccepted) return { ...tried, state: 'delivered', endedAt: now }",
    to: "if (isAccepted || (attempt.status ?? 0) >= 500) return { ...tried, state: 'delivered', endedAt: now }",
  },
  {
    name: 'signature',
    harm: 'an event need not be signed',
    breaks: ['I3'],
    file: 'src/flows/events/read-event.ts',
    from: "if (await provider.events?.isSigned(secret, headers, bytes ?? body)) return 'good'",
    to: "if (secret !== '' && headers && (bytes ?? body)) return 'good'",
  },
  {
    name: 'key',
    harm: 'a second call under a key does not wait for the first',
    breaks: ['I4'],
    file: 'src/durable/desk/idempotency-keys.ts',
    from: 'return turnOf(record, now, spans, this.#tables.keys.lineEnd)',
    to: "return record?.endedAt ? turnOf(record, now, spans, this.#tables.keys.lineEnd) : { kind: 'fresh' }",
  },
  {
    name: 'key forgotten',
    harm: 'a key is free again although its job may have been started',
    breaks: ['I4'],
    file: 'src/flows/repeats/idempotency-key.ts',
    from: "if (error.code !== 'outcome_unknown') return { kind: 'forget' }",
    to: "if (error.status > 0) return { kind: 'forget' }",
  },
  {
    name: 'owner',
    harm: 'the desk keeps a job under the key of another account',
    breaks: ['I1', 'I3', 'I4'],
    file: 'src/flows/routing/learn-ids.ts',
    from: 'owner, start, key: account.key }',
    to: 'owner, start, key: `${account.key}x` }',
  },
  {
    name: 'acquire',
    harm: 'an object that does not answer counts as if it had granted the slot',
    breaks: ['I1', 'I3', 'I4'],
    file: 'src/flows/slots/take-slot.ts',
    from: "return { ok: false, reason: 'parked', retryAt, parking }\n  }\n}\n\nfunction markRefusal",
    to: 'return { ok: true, free: 1 }\n  }\n}\n\nfunction markRefusal',
  },
  {
    name: 'alarm',
    harm: 'what an alarm finds due later gets no alarm',
    breaks: ['I2', 'I3'],
    file: 'src/durable/lifecycle/alarm-clock.ts',
    from: 'if (run.due !== Infinity) this.setFor(Math.max(run.due, run.earliest))',
    to: 'if (run.due === 0) this.setFor(run.earliest)',
  },
  {
    name: 'sleep',
    harm: 'an object wakes every ten minutes, for ever',
    breaks: ['I2 ACCOUNT_SLOTS', 'I2 TENANT_DESK'],
    file: 'src/durable/account-alarm.ts',
    from: 'if (due !== Infinity) this.#clock.setFor(due)',
    to: 'if (due !== 0) this.#clock.setFor(Math.min(due, Date.now() + 600_000))',
  },
  {
    name: 'retire',
    harm: 'a removed account loses its credential while its jobs run',
    breaks: ['I3'],
    file: 'src/domain/accounts/removal.ts',
    from: "return removedAt === undefined ? 'none' : 'waiting'",
    to: "return removedAt === undefined ? 'none' : 'overdue'",
  },
  {
    name: 'cache',
    harm: "an isolate takes one tenant's accounts for another's",
    breaks: ['I5'],
    file: 'src/storage/accounts.ts',
    from: 'const key = keys.accounts(tenant, provider)\n      const known = cache.peek(key)',
    to: "const key = keys.accounts(tenant.replace(/-\\d$/, '-0'), provider)\n      const known = cache.peek(key)",
  },
  {
    name: 'tenant',
    harm: 'all tenants have one desk',
    breaks: ['I5'],
    file: 'src/composition/make-ports.ts',
    from: 'deskPort(env, `${provider}:${tenant}`)',
    to: "deskPort(env, `${provider}:${tenant.replace(/.+/, 'one')}`)",
  },
  {
    name: 'seal',
    harm: 'an opened credential is written to the log',
    breaks: ['I6'],
    file: 'src/flows/accounts/open-account.ts',
    from: 'const text = await ports.vault.open(identity, account.credential, true)',
    to: 'const text = await ports.vault.open(identity, account.credential, true); console.log(text)',
  },
]

const MENDED: readonly Written[] = [
  {
    name: 'I1 without a time',
    harm: 'rows without a readable time do not count',
    breaks: ['I1', 'I3', 'I4'],
    file: 'src/domain/jobs/match-lost-creations.ts',
    from: 'if (row.times === undefined || row.times.length === 0) return true',
    to: 'if (row.times === undefined || row.times.length === 0) return false',
  },
  {
    name: 'I1 by page',
    harm: 'the first page of a list counts as the whole list',
    breaks: ['I1', 'I3', 'I4'],
    file: 'src/flows/jobs/search-provider-list.ts',
    from: 'if (token === undefined || isPast) {',
    to: 'if (token === undefined || isPast || page === 0) {',
  },
  {
    name: 'events with one id',
    harm: 'the jobs of one creation end under one id',
    breaks: ['I3'],
    file: 'src/flows/events/announce.ts',
    from: '`${lease.id} ${isSure',
    to: '`${lease.requestId} ${isSure',
  },
  {
    name: 'missed endpoint',
    harm: 'an endpoint misses the ends of an account that was told late of it',
    breaks: ['I3'],
    file: 'src/durable/account-tables/target-row.ts',
    from: 'if (before === undefined || since === undefined) return []',
    to: 'if (before === undefined || since === undefined || now > 0) return []',
  },
  {
    name: 'parked pool',
    harm: 'a refused call parks its account without a question',
    breaks: ['I2 parked without fault'],
    file: 'src/domain/accounts/park-after-refusal.ts',
    from: "if (doubt === undefined) return { kind: 'park', order }",
    to: "if (doubt !== 'never') return { kind: 'park', order }",
  },
]

function plantedOf({ name, harm, breaks, ...sabotage }: Written): PlantedFault {
  return { name, harm, breaks, sabotages: [sabotage] }
}

const IN_TWO_PLACES: readonly PlantedFault[] = [
  {
    name: 'unnamed key',
    harm: 'half an answer of HeyGen about a new key moves an account into a second object, while jobs run in the first',
    breaks: ['I1', 'I3', 'I4'],
    sabotages: [
      {
        file: 'src/providers/heygen/accounts.ts',
        from: "standingIn(me).key === 'unknown')",
        to: "standingIn(me).key === 'blocked')",
      },
      {
        file: 'src/domain/accounts/account.ts',
        from: 'return a !== b && !(isNamed(a) && isNamed(b))',
        to: "return a !== b && a === ''",
      },
    ],
  },
  {
    name: 'I1 by time',
    harm: "rows of a list count only if HeyGen's clock says the time of the creation, to five seconds",
    breaks: ['I1', 'I3', 'I4'],
    sabotages: [
      {
        file: 'src/domain/jobs/match-lost-creations.ts',
        from: 'const CLOCK_SKEW_MS = 60_000',
        to: 'const CLOCK_SKEW_MS = 5000',
      },
      {
        file: 'src/flows/jobs/search-provider-list.ts',
        from: '{ times: [made, made - aheadMs] }',
        to: '{ times: [made + 0 * aheadMs] }',
      },
    ],
  },
  {
    name: 'reused name',
    harm: 'a tenant that is made again under a removed name is the old one',
    breaks: ['I5'],
    sabotages: [
      {
        file: 'src/durable/desk-tables/tenant-rows.ts',
        from: 'return tenantIdOf(name, (row?.ended ?? 0) + 1)',
        to: 'return tenantIdOf(name, row ? 1 : 1)',
      },
      {
        file: 'src/durable/desk-tables/account-rows.ts',
        from: 'return this.closedAt !== undefined',
        to: 'return this.closedAt === 0',
      },
    ],
  },
]

export const PLANTED: readonly PlantedFault[] = [
  ...[...NEW, ...MENDED, ...FOUND, ...ATTACKS].map(plantedOf),
  ...IN_TWO_PLACES,
  ...LINE,
  ...OWN,
]
