import { expect, test } from 'vitest'
import type { Desk, Ports } from '#domain/ports.ts'
import { onceByName } from '#flows/once-by-name.ts'
import type { ReadCall } from '#flows/proxy-call.ts'
import { kling } from '#providers/kling/index.ts'

const PATH = '/v1/videos/text2video'
const CALL: ReadCall = {
  requestId: 'r1',
  origin: 'https://gateway.example.com',
  tenant: 't',
  provider: kling,
  match: kling.match('POST', PATH),
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
    desk: () => desk as Desk,
    accounts: {
      list: () => Promise.reject(new Error('KV does not answer')),
    } as unknown as Ports['accounts'],
  }
  const run = () => Promise.reject(new Error('it ran'))
  await expect(onceByName(ports as Ports, CALL, run)).rejects.toThrow('KV does not answer')
  expect(held).toEqual(new Set())
})
