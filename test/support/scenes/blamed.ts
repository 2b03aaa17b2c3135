/** Reads what refusals have parked, as a tenant sees it. */
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

/** Lists what is parked, as `a all`, `b row:GET /v3/voices`, … */
export async function parkedScopes(gateway: Gateway, provider = 'heygen'): Promise<string[]> {
  const all = await Promise.all(
    ALL.map(async (name) =>
      (await parkedOf(gateway, name, provider)).map(({ scope }) => `${name} ${scope}`)
    )
  )
  return all.flat()
}

/** Ends all parkings, and removes what is known about the accounts. */
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

/** How often the provider was asked about the account since the simulator's log was cleared. */
export async function proofsOf(gateway: Gateway, name: string): Promise<number> {
  const seen = await gateway.sim.requests()
  const email = `${name}@example.com`
  return seen.filter((one) => one.path === '/v3/users/me' && one.account === email).length
}
