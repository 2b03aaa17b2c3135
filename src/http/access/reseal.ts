/** `/admin/reseal`: seals everything with the first master key, so that an old one can be removed (docs/rotate-keys.md). */
import * as z from 'zod/mini'
import type { Ports } from '#domain/ports/ports.ts'
import {
  heldByOthers,
  nothingFound,
  removableFrom,
  statusOf,
  type ResealState,
} from '#domain/access/reseal.ts'
import { resealSome } from '#flows/access/reseal-all.ts'
import { PROVIDERS } from '#providers/index.ts'
import { actorOf } from '#http/request/actor.ts'
import { newApp, ownError, route } from '#http/request/route.ts'

const counts = z.record(z.string(), z.number())
const time = z.nullable(z.string())
const view = z.object({
  key: z.string(),
  status: z.enum(['none', 'running', 'waiting', 'aging', 'removable']),
  done: z.boolean(),
  removable: z.boolean(),
  removableFrom: time,
  others: z.array(z.object({ id: z.string(), removable: z.boolean() })),
  pass: z.number(),
  startedAt: time,
  endedAt: time,
  nextPassAt: time,
  tenants: z.object({ passed: z.number(), all: z.number() }),
  resealed: counts,
  byKey: counts,
  waitsFor: z.object({ hooks: z.number(), copies: z.number(), workers: z.number() }),
  hangs: z.array(z.object({ what: z.string(), until: time })),
  hooksNotRegistered: z.array(
    z.object({ tenant: z.string(), account: z.string(), message: z.string() })
  ),
  unreadable: z.object({
    byKey: counts,
    examples: z.array(z.looseObject({ what: z.string(), keyId: z.string() })),
  }),
  error: z.optional(z.string()),
})

export const reseal = newApp()

route(
  reseal,
  {
    isAdmin: true,
    method: 'post',
    path: '/',
    summary: 'Seal everything with the first master key, a part at each call: docs/rotate-keys.md',
    answers: { 200: view, 401: ownError },
  },
  async (c) => {
    const ports = c.get('ports')
    const names = PROVIDERS.map(({ name }) => name)
    const { state, tenants, isBroken, isBegun } = await resealSome(ports, names)
    const subject = `pass ${state.pass.number} to ${state.key}`
    if (isBegun) {
      const entry = { action: 'reseal.pass_begun', subject } as const
      await ports.registrar.noteAudit(entry, actorOf(c))
    }
    ports.log('reseal', { key: state.key, pass: state.pass.number, ended: state.pass.endedAt })
    const error = 'One step failed. Call again.'
    return c.json({ ...toView(ports, state, tenants), ...(isBroken ? { error } : {}) })
  }
)

route(
  reseal,
  {
    isAdmin: true,
    method: 'get',
    path: '/',
    summary: 'How far the sealing has come, and from when on the other master keys can be removed',
    answers: { 200: view, 401: ownError },
  },
  async (c) => {
    const ports = c.get('ports')
    const { registrar } = ports
    const [state, tenants] = await Promise.all([registrar.resealState(), registrar.listTenants()])
    return c.json(toView(ports, state, tenants.length))
  }
)

function toView(ports: Ports, kept: ResealState | undefined, all: number): z.infer<typeof view> {
  const { vault, durations } = ports
  const now = ports.now()
  // A state that was saved for another first key does not count.
  const state = kept?.key === vault.firstKey ? kept : undefined
  const status = statusOf(state, vault.firstKey, now, durations)
  const removable = status === 'removable'
  const { pass } = state ?? {}
  const found = pass?.found ?? nothingFound()
  const { hooks, copies, behind: workers } = found
  const endedAt = pass?.endedAt
  return {
    key: vault.firstKey,
    status,
    done: endedAt !== undefined,
    removable,
    removableFrom: toTime(removableFrom(state, durations)),
    others: vault.otherKeys.map((id) => ({ id, removable })),
    pass: pass?.number ?? 0,
    startedAt: toTime(pass?.startedAt),
    endedAt: toTime(endedAt),
    nextPassAt: toTime(endedAt === undefined ? undefined : endedAt + durations.resealAgainMs),
    tenants: { passed: pass?.tenantsPassed ?? 0, all },
    resealed: found.resealed,
    byKey: found.byKey,
    waitsFor: { hooks, copies, workers },
    hangs: heldByOthers(state, now, durations).map(({ what, until }) => ({
      what,
      until: toTime(until),
    })),
    hooksNotRegistered: found.stalledHooks,
    unreadable: {
      byKey: found.unreadable.byKey,
      examples: found.unreadable.examples.map((one) => ({ ...one })),
    },
  }
}

function toTime(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
