/** Tokens with limits, and what a refusal by one of them looks like. */
import { expect } from 'vitest'
import { advance, SECOND } from '../../clock/clock.ts'
import { until, type Gateway } from '../../gateway.ts'

/** The id of the tenant whose token the gateway calls with. */
async function tenantOf(gateway: Gateway): Promise<string> {
  return ((await (await gateway.fetch('/v2/account')).json()) as { id: string }).id
}

export interface Limited {
  id: string
  as: Gateway
}

/** One more token of the gateway's own tenant. */
export async function limitedBy(
  gateway: Gateway,
  limits: Record<string, unknown>
): Promise<Limited> {
  const { id, token } = await gateway.newToken({ tenant: await tenantOf(gateway), ...limits })
  return { id, as: gateway.as(token) }
}

/** Expects 429 `token_limit`, which names the limit with its value and until when, and returns the seconds of Retry-After. */
export async function expectLimit(answer: Response, limit: string, value: number): Promise<number> {
  const text = await answer.clone().text()
  expect([answer.status, answer.headers.get('x-gateway-error')], text).toEqual([429, 'token_limit'])
  const named = answer.headers.get('x-gateway-limit') ?? ''
  expect(named).toMatch(new RegExp(`^${limit}=${value}; until=\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$`))
  expect(text).toContain(`${limit}: ${value}`)
  return Number(answer.headers.get('retry-after'))
}

/** Lets calls of these methods of objects fail. Only in counting-worker.ts. */
export async function lose(gateway: Gateway, methods: string[]): Promise<void> {
  const body = JSON.stringify(methods)
  expect((await fetch(`${gateway.url}/__lose`, { method: 'POST', body })).status).toBe(200)
}

/** Moves the clock by seconds until this is answered 200: the desk is told of an end after the answer that showed it. */
export function acceptedSoon(gateway: Gateway, ask: () => Promise<Response>): Promise<Response> {
  return until(async () => {
    await advance(gateway, 1 * SECOND)
    const answer = await ask()
    return answer.status === 200 && answer
  })
}
