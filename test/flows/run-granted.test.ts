/** A creation on the account that granted its slot, as a Worker runs it and as the line's own sender will. */
import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { SlotDesk } from '#domain/ports/slots.ts'
import type { Owner } from '#domain/routing/owner.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import { RecentSet } from '#domain/runtime/recent-set.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import { newCreation, type Creation } from '#flows/creations/creation.ts'
import { runGranted } from '#flows/creations/start-job.ts'
import type { ReadCall } from '#flows/upstream/proxy-call.ts'
import { heygen } from '#providers/heygen/index.ts'

const ACCOUNT = {
  provider: 'heygen',
  tenant: 't',
  email: 'a@example.com',
  key: 'heygen:a',
  credentialKind: 'apiKey',
} as Account
const MADE = () => Response.json({ data: { video_id: 'v1' } })

/** What the account's object and the desk were told, in order. */
function world(answer: () => Response): { ports: Ports; told: string[] } {
  const told: string[] = []
  const slots: Partial<SlotDesk> = {
    bind: async (requestId, _starts, _again, how) =>
      void told.push(`bind ${requestId} ${how?.isKept === true ? 'kept' : 'written'}`),
    release: async (requestId) => void told.push(`release ${requestId}`),
    lookNow: async () => {
      throw new Error('searched for')
    },
  }
  const ports: Partial<Ports> = {
    settings: { heygenOrigin: 'https://api.example.com' } as Ports['settings'],
    durations: durationsAt(1000),
    ...platform,
    timeoutSignal: (ms) => AbortSignal.timeout(ms),
    fetch: async () => answer(),
    defer: () => {},
    log: () => {},
    reportedEnds: new RecentSet(10),
    vault: {
      open: async () => '{"kind":"apiKey","secrets":{"apiKey":"k"}}',
      name: async (text: string) => text,
    } as Partial<Ports['vault']> as Ports['vault'],
    accounts: { list: async () => ({ version: 1, accounts: [ACCOUNT] }) } as never,
    owners: { learn: async () => told.push('learn') > 0 } as never,
    hints: { takeSeen: () => [] } as never,
    slots: () => slots as SlotDesk,
    desk: () => ({ noteMade: async () => void told.push('note made') }) as never,
  }
  return { ports: ports as Ports, told }
}

function creationIn(ports: Ports, keep?: Creation['keep']): Creation {
  const body = new TextEncoder().encode('{"type":"avatar"}')
  const call: ReadCall = {
    requestId: 'lease-1',
    origin: 'https://gateway.example.com',
    tenant: 't',
    provider: heygen,
    match: heygen.routes.match('POST', '/v3/videos'),
    method: 'POST',
    path: '/v3/videos',
    search: '',
    headers: new Headers(),
    body,
    json: { type: 'avatar' },
  }
  return { ...newCreation(ports, call), ...(keep && { keep }) }
}

function run(ports: Ports, creation: Creation) {
  return runGranted(ports, creation, { account: ACCOUNT, ask: creation.ask })
}

test('the desk learns the jobs of a creation, and the object binds them', async () => {
  const { ports, told } = world(MADE)
  const done = await run(ports, creationIn(ports))
  expect(done).toMatchObject({ kind: 'done', answer: { jobIds: ['v1'] } })
  expect(told).toEqual(['bind lease-1 kept', 'learn'])
})

test('a queued creation has its start kept by the line, and not learned a second time', async () => {
  const { ports, told } = world(MADE)
  const kept: { owners: Owner[]; starts: JobStart[] }[] = []
  const keep = async (owners: Owner[], starts: JobStart[]) => kept.push({ owners, starts }) > 0
  await run(ports, creationIn(ports, keep))
  expect(told).toEqual(['bind lease-1 kept'])
  expect(kept).toMatchObject([
    { owners: [{ id: 'v1', lease: 'lease-1', key: 'heygen:a' }], starts: [{ jobId: 'v1' }] },
  ])
})

test('a start that the line did not keep is written by the object', async () => {
  const { ports, told } = world(MADE)
  await run(
    ports,
    creationIn(ports, async () => false)
  )
  expect(told).toEqual(['bind lease-1 kept', 'bind lease-1 written'])
})

test.for([
  ['a 500', () => new Response('', { status: 500 })],
  ['an answer that names no job', () => Response.json({ data: {} })],
] as const)(
  'after %s nothing is said and nothing released: it may run [I4]',
  async ([, answer]) => {
    const { ports, told } = world(answer)
    expect(await run(ports, creationIn(ports))).toEqual({ kind: 'unsure' })
    expect(told).toEqual([])
  }
)
