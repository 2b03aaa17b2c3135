import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import type { Account } from '#domain/accounts/account.ts'
import { Hints } from '#domain/accounts/account-hints.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { SlotDesk } from '#domain/ports/slots.ts'
import { RecentSet } from '#domain/runtime/recent-set.ts'
import { Semaphore } from '#domain/runtime/semaphore.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import { dispatchRequest } from '#flows/dispatch-request.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { heygen } from '#providers/heygen/index.ts'

/**
 * Local workerd goes on with a call whose client has left, so what a leaving client ends cannot be seen through the
 * front door here. This holds the construction: which signal a call is made with, and what is deferred.
 */
const ACCOUNT = {
  provider: 'heygen',
  tenant: 't',
  email: 'a@example.com',
  key: 'heygen:a',
  credentialKind: 'apiKey',
} as Account

interface Seen {
  signals: AbortSignal[]
  deferred: Promise<unknown>[]
  bound: string[]
}

function portsSeeing(seen: Seen, answer: () => Promise<Response>): Ports {
  const slots: Partial<SlotDesk> = {
    acquire: async () => ({ ok: true, free: 1 }),
    bind: async (requestId) => void seen.bound.push(requestId),
  }
  const ports: Partial<Ports> = {
    settings: { heygenOrigin: 'https://api.example.com' } as Ports['settings'],
    durations: durationsAt(1),
    ...platform,
    random: () => 0,
    timeoutSignal: (ms) => AbortSignal.timeout(ms),
    fetch: async (_, init) => {
      if (init.signal) seen.signals.push(init.signal)
      return answer()
    },
    defer: (work) => void seen.deferred.push(work),
    log: () => {},
    hints: new Hints(),
    reportedEnds: new RecentSet(10),
    vault: {
      firstKey: 'k1',
      otherKeys: [],
      knows: () => true,
      name: async (text: string) => text,
      seal: async () => '',
      open: async () => '{"kind":"apiKey","secrets":{"apiKey":"k"}}',
    },
    accounts: {
      list: async () => ({ version: 1, accounts: [ACCOUNT] }),
    } as unknown as Ports['accounts'],
    owners: {
      find: async () => [],
      learn: async () => true,
      markMissing: () => {},
      isMissing: () => true,
      forgetMisses: () => {},
    },
    hasParked: { isTrue: false },
    searches: new Semaphore(platform.after),
    slots: () => slots as SlotDesk,
  }
  return ports as Ports
}

function call(method: string, path: string, signal: AbortSignal, body?: object): ProxyCall {
  return {
    requestId: 'r1',
    origin: 'https://gateway.example.com',
    tenant: 't',
    provider: heygen,
    match: heygen.routes.match(method, path),
    method,
    path,
    search: '',
    headers: new Headers(),
    body: body ? new TextEncoder().encode(JSON.stringify(body)) : null,
    signal,
  }
}

test('a client that leaves ends its plain call', async () => {
  const seen: Seen = { signals: [], deferred: [], bound: [] }
  const client = new AbortController()
  const ports = portsSeeing(seen, async () => Response.json({ data: {} }))
  await dispatchRequest(ports, call('GET', '/v3/users/me', client.signal))
  expect(seen.signals).toHaveLength(1)
  expect(seen.signals[0]?.aborted).toBe(false)
  client.abort()
  expect(seen.signals[0]?.aborted).toBe(true)
})

test('a client that leaves does not end its creation, which is deferred as a whole: sent, bound, answered [I4]', async () => {
  const seen: Seen = { signals: [], deferred: [], bound: [] }
  const client = new AbortController()
  const late = Promise.withResolvers<Response>()
  const ports = portsSeeing(seen, () => late.promise)
  const work = dispatchRequest(ports, call('POST', '/v3/videos', client.signal, { type: 'avatar' }))
  while (seen.signals.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  expect(seen.deferred).toHaveLength(1)
  client.abort()
  expect(seen.signals[0]?.aborted).toBe(false)
  late.resolve(Response.json({ data: { video_id: 'v1' } }))
  await seen.deferred[0]
  expect(seen.bound).toEqual(['r1'])
  expect((await work).jobIds).toEqual(['v1'])
})
