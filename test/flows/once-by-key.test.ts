/** A key that another call may take over is never behind a creation that is still to be sent. */
import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import type { Account } from '#domain/accounts/account.ts'
import { Hints } from '#domain/accounts/account-hints.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import { dispatchRequest } from '#flows/dispatch-request.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { heygen } from '#providers/heygen/index.ts'

const WAITS = durationsAt(1)

function world({
  beginMs = 0,
  answer = { status: 200, body: { data: { video_id: 'v1' } } as object },
} = {}) {
  const seen: string[] = []
  let now = 1_800_000_000_000
  const account = {
    provider: 'heygen',
    tenant: 't',
    email: 'a@example.com',
    key: 'k',
    credentialKind: 'apiKey',
  } as Account
  const ports = {
    settings: { heygenOrigin: 'https://api.example.com' },
    durations: WAITS,
    ...platform,
    now: () => now,
    random: () => 0,
    fetch: async () => {
      seen.push('sent')
      return Response.json(answer.body, { status: answer.status })
    },
    defer: () => {},
    log: () => {},
    hints: new Hints(),
    reportedEnds: { delete: () => {} },
    memory: { get: () => undefined, set: () => {} },
    vault: {
      knows: () => true,
      name: async (text: string) => text,
      seal: async () => '',
      open: async () => '{"kind":"apiKey","secrets":{"apiKey":"k"}}',
    },
    accounts: { list: async () => ({ version: 1, accounts: [account] }) },
    owners: { find: async () => [], learn: async () => {} },
    desk: () => ({
      beginKey: async () => {
        seen.push('key held')
        now += beginMs
        return { kind: 'fresh' }
      },
      endKey: async () => {},
      noteFull: async () => {},
    }),
    slots: () => ({
      acquire: async () => ({ ok: true, free: 1 }),
      bind: async () => {},
      release: async () => void seen.push('released'),
      lookNow: async () => ({ kind: 'absent' }),
    }),
  } as unknown as Ports
  return { ports, seen }
}

function creation(body: ProxyCall['body'], key = 'k1'): ProxyCall {
  return {
    requestId: 'r1',
    origin: 'https://gateway.example.com',
    tenant: 't',
    provider: heygen,
    match: heygen.routes.match('POST', '/v3/videos'),
    method: 'POST',
    path: '/v3/videos',
    search: '',
    headers: new Headers(key === '' ? {} : { 'idempotency-key': key }),
    body,
  }
}

const BODY = new TextEncoder().encode('{"type":"avatar"}')

test('a key is not held while the body of its creation is still on its way', async () => {
  const { ports, seen } = world()
  const body = new TransformStream<Uint8Array, Uint8Array>()
  const work = dispatchRequest(ports, creation(body.readable))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(seen).toEqual([])
  const writer = body.writable.getWriter()
  void writer.write(BODY)
  void writer.close()
  expect((await work).jobIds).toEqual(['v1'])
  expect(seen).toEqual(['key held', 'sent'])
})

test('a creation whose key was so long on its way that another may have taken it is not sent [I4]', async () => {
  const { ports, seen } = world({ beginMs: WAITS.staleKeyMs })
  await expect(dispatchRequest(ports, creation(BODY))).rejects.toMatchObject({ code: 'slots_full' })
  expect(seen).toEqual(['key held'])
})

test('a creation that its provider says is under way under our own key keeps its slot [I4]', async () => {
  const body = { error: { code: 'request_in_progress', message: 'in progress' } }
  const { ports, seen } = world({ answer: { status: 409, body } })
  const work = dispatchRequest(ports, creation(BODY, ''))
  await expect(work).rejects.toMatchObject({ code: 'outcome_unknown' })
  expect(seen).toEqual(['sent'])
})
