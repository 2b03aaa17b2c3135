/** An agency's pool, and two customers of it: own tokens, which must not see each other (docs/sees-own.md). */
import { expect } from 'vitest'
import type { Gateway } from '../../gateway.ts'

export interface Customer {
  at: Gateway
  /** The token's id. */
  id: string
}

/** `agency`: a token of the tenant that sees all. */
export async function addCustomer(
  agency: Gateway,
  more: Record<string, unknown> = {}
): Promise<Customer> {
  const account = await agency.fetch('/v2/account')
  const { id: tenant } = (await account.json()) as { id: string }
  const { id, token } = await agency.newToken({ tenant, sees: 'own', ...more })
  return { at: agency.as(token), id }
}

/** What a client sees of an answer, but for what differs between any two calls, and the id that was asked about. */
export async function shownOf(answer: Response, ...ids: string[]): Promise<unknown> {
  let text = await answer.text()
  for (const id of ids) text = text.replaceAll(id, '{id}')
  const body = text.replaceAll(/"request_id":\s*"[^"]*"/g, '').replaceAll(/req_\w+/g, '')
  const names = ['x-gateway-error', 'retry-after', 'x-gateway-account', 'x-gateway-partial']
  return [answer.status, ...names.map((name) => answer.headers.get(name)), body]
}

export async function startVideo(
  at: Gateway,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {}
): Promise<string> {
  const answer = await at.createVideo(more, headers)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return answer.headers.get('x-gateway-job') ?? ''
}
