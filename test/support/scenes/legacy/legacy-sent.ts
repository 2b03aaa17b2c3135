/** What a carried call sent to the simulator's v3, for tests of older calls. */
import type { Simulator } from '../../simulator.ts'

/** The bodies of these calls, in their order. */
export async function bodiesTo(sim: Simulator, method: string, path: string): Promise<unknown[]> {
  const all = await sim.requests()
  return all
    .filter((one) => one.method === method && one.path === path)
    .map(({ body }) => JSON.parse(body ?? 'null') as unknown)
}

/** `METHOD /path` of all calls but the gateway's own questions about accounts. */
export async function callsTo(sim: Simulator): Promise<string[]> {
  return (await sim.requests())
    .map(({ method, path }) => `${method} ${path}`)
    .filter((call) => !/\/(users|user)\/me$|webhooks|remaining_quota|v2\/templates$/.test(call))
}

/** Bodies that were sent to v3 and that its schemas do not take. */
export async function faultyBodies(sim: Simulator): Promise<unknown> {
  return (await sim.control<{ bad: unknown }>('GET', '/bodies')).bad
}
