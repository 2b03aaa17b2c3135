/** Refusals and what they park, as a tenant sees it. */
import type { Gateway } from '../gateway.ts'

export interface ShownParking {
  scope: string
  reason: string
  detail: string
  until: string
}

export const ALL = ['a', 'b', 'c'] as const

export const v3 = (code: string) => ({ error: { code, message: code, param: null, doc_url: null } })

export async function parkedOf(
  gateway: Gateway,
  name: string,
  provider = 'heygen'
): Promise<ShownParking[]> {
  const view = await gateway.fetch(`/v1/${provider}/accounts/${name}@example.com`)
  return ((await view.json()) as { parked?: ShownParking[] }).parked ?? []
}

/** `a all`, `b row:GET /v3/voices`, … */
export async function parkedScopes(gateway: Gateway, provider = 'heygen'): Promise<string[]> {
  const all = await Promise.all(
    ALL.map(async (name) =>
      (await parkedOf(gateway, name, provider)).map(({ scope }) => `${name} ${scope}`)
    )
  )
  return all.flat()
}

/** Nothing is parked and nothing is believed of any account. */
export async function pardonAll(
  gateway: Gateway,
  provider = 'heygen',
  names: readonly string[] = ALL
): Promise<void> {
  await gateway.sim.clearFaults()
  for (const name of names) {
    const path = `/v1/${provider}/accounts/${name}@example.com/unpark`
    const done = await gateway.fetch(path, { method: 'POST' })
    if (done.status !== 200) throw new Error(`${name}: ${done.status} ${await done.text()}`)
  }
}

/** How often the account was asked about itself since the simulator was told to forget. */
export async function proofsOf(gateway: Gateway, name: string): Promise<number> {
  const seen = await gateway.sim.requests()
  const email = `${name}@example.com`
  return seen.filter((one) => one.path === '/v3/users/me' && one.account === email).length
}
