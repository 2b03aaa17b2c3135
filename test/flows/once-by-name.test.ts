import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import type { Lease } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { SlotDesk } from '#domain/ports/slots.ts'
import type { Desk } from '#domain/ports/desk.ts'
import type { JobRecord } from '#domain/jobs/list-jobs.ts'
import { runOnePerName } from '#flows/repeats/one-per-client-name.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { kling } from '#providers/kling/index.ts'

const PATH = '/v1/videos/text2video'
const CALL: ReadCall = {
  requestId: 'r1',
  origin: 'https://gateway.example.com',
  tenant: 't',
  provider: kling,
  match: kling.routes.match('POST', PATH),
  method: 'POST',
  path: PATH,
  search: '',
  headers: new Headers(),
  body: null,
  json: { external_task_id: 'mine' },
}

test('a name is not held by a creation that never ran, because the accounts could not be read', async () => {
  const held = new Set<string>()
  const desk: Partial<Desk> = {
    beginKey: async (name) => {
      held.add(name)
      return { kind: 'fresh' }
    },
    endKey: async (name) => void held.delete(name),
  }
  const ports: Partial<Ports> = {
    ...platform,
    desk: () => desk as Desk,
    accounts: {
      list: () => Promise.reject(new Error('KV does not answer')),
    } as unknown as Ports['accounts'],
  }
  const run = () => Promise.reject(new Error('it ran'))
  await expect(runOnePerName(ports as Ports, CALL, run)).rejects.toThrow('KV does not answer')
  expect(held).toEqual(new Set())
})

const ANSWER: ProxyAnswer = { response: new Response('{}') }

/** A desk that holds the name for a Worker that ended in the middle, and what an account's object has of its request. */
async function afterCrash(record: JobRecord | undefined): Promise<{ ran: number; error: unknown }> {
  let isHeld = true
  const desk: Partial<Desk> = {
    beginKey: async () => (isHeld ? { kind: 'unknown', requestId: 'r0' } : { kind: 'fresh' }),
    endKey: async () => void (isHeld = false),
    formerKeys: async () => [],
    itemsOf: async () => [],
  }
  const ports: Partial<Ports> = {
    ...platform,
    desk: () => desk as Desk,
    slots: () => ({ findJob: async () => record }) as unknown as SlotDesk,
    accounts: {
      list: async () => ({ version: 1, accounts: [{ email: 'a@example.com', key: 'kling:a' }] }),
    } as unknown as Ports['accounts'],
    owners: { find: async () => [], forgetMisses: () => {} } as unknown as Ports['owners'],
  }
  let ran = 0
  const run = async () => {
    ran += 1
    return ANSWER
  }
  const error: unknown = await runOnePerName(ports as Ports, CALL, run).then(
    () => undefined,
    (thrown: unknown) => thrown
  )
  return { ran, error }
}

const LEASE = { id: 'r0', requestId: 'r0', state: 'unbound' } as unknown as Lease

test('after a Worker ended in the middle, a name is free once it is known that nothing was started under it [I4]', async () => {
  const absent = { lease: LEASE, ended: { endedAt: 1, outcome: { status: 'absent' } } } as const
  for (const record of [undefined, absent]) {
    expect(await afterCrash(record)).toEqual({ ran: 1, error: undefined })
  }
})

test('until then, or when a job was found, nothing is started under it [I4]', async () => {
  const done = { lease: LEASE, ended: { endedAt: 1, outcome: { status: 'completed' } } } as const
  for (const record of [{ lease: LEASE }, done]) {
    const { ran, error } = await afterCrash(record)
    expect(ran).toBe(0)
    expect(error).toMatchObject({ code: 'outcome_unknown' })
  }
})
