/** Looks, groups and keys for tests of older calls about avatars. */
import type { Gateway } from '../../gateway.ts'
import type { Simulator } from '../../simulator.ts'

export interface Answered {
  status: number
  headers: Headers
  body: unknown
}

export async function call(
  gateway: Gateway,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {}
): Promise<Answered> {
  const answer = await gateway.fetch(`/heygen${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: JSON.parse(text) as unknown }
}

/** A group of an account with its looks, the newest first in lists. */
export async function addGroup(
  sim: Simulator,
  name: string,
  id: string,
  looks: readonly (Record<string, unknown> & { id: string })[]
): Promise<void> {
  const account = `${name}@example.com`
  const title = `Group ${id}`
  await sim.control('POST', '/resources', { account, resource: 'avatar-group', id, doc: { title } })
  for (const { id: lookId, ...more } of looks) {
    const doc = { title: `Look ${lookId}`, group_id: id, ...more }
    const form = 'look'
    await sim.control('POST', '/resources', { account, resource: 'avatar', form, id: lookId, doc })
  }
}

/** The bodies of the avatars that v3 was asked to make. */
export async function creationsSent(
  sim: Simulator
): Promise<{ account: string | null; body: unknown }[]> {
  const all = await sim.requests()
  return all
    .filter(({ method, path }) => method === 'POST' && path === '/v3/avatars')
    .map(({ account, body }) => ({ account, body: JSON.parse(body ?? 'null') as unknown }))
}

/** What would have been paid. */
export async function paid(sim: Simulator): Promise<{ calls: number; usd: number }> {
  return sim.control('GET', '/bill')
}
