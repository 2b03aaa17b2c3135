/** The rows whose examples name ids of one account, and what their call must do in a pool. */
import { expect } from 'vitest'
import { textsAt } from '#domain/text/json-pointer.ts'
import { heygen } from '#providers/heygen/index.ts'
import type { Gateway } from '../gateway.ts'
import type { SimRequest } from '../simulator.ts'
import { bodyOf, IN_ORDER, kindOf, pathOf, type CatalogueRow } from './catalogue.ts'

/** Ids that belong to the public catalogue, which any account may serve. */
const PUBLIC = new Set([
  'Abigail_expressive_2024112501',
  'Vanessa-invest-20220722',
  'Wayne_20240711',
  '1bd001e7e50f421d891986aad5158bc8',
  'v_abc123',
])

/** Webhook endpoints are to be the gateway's own, whoever's they are now. */
function isOwners(row: CatalogueRow): boolean {
  return namedIds(row).some((id) => !PUBLIC.has(id)) && !row.path.includes('/webhook')
}

/** Of other rows the owner is known only where the rows before them made what they name. */
export function isFindable(row: CatalogueRow): boolean {
  const match = heygen.routes.match(row.method, pathOf(row).split('?')[0] ?? '')
  const refs = match?.route.ids ?? []
  return refs.every((ref) => match && heygen.routes.searchFor(match, ref, 'some-id') !== undefined)
}

export const OWNED = IN_ORDER.filter(isOwners)

/** Rows of one kind that name their ids at the same places. */
export function kindOfOwned(row: CatalogueRow): string {
  const match = heygen.routes.match(row.method, pathOf(row).split('?')[0] ?? '')
  return `${kindOf(row)} ${(match?.route.ids ?? []).map((ref) => ref.in).join(' ')}`
}

export function namedIds(row: CatalogueRow): string[] {
  const match = heygen.routes.match(row.method, pathOf(row).split('?')[0] ?? '')
  const query = new URLSearchParams(row.queryExample)
  return (match?.route.ids ?? []).flatMap((ref) => {
    if (ref.in === 'body') return textsAt(row.requestExample, ref.at)
    const text = ref.in === 'path' ? match?.params[ref.at] : query.get(ref.at)
    return text ? text.split(',') : []
  })
}

/**
 * Makes the row's call with a token of its own, because one token may cause thirty searches a minute. `owner` has what the examples
 * name. Returns the answer, and what the provider was asked.
 */
export async function callOfOwner(
  gateway: Gateway,
  { row, tenant, owner }: { row: CatalogueRow; tenant: string; owner: string }
): Promise<{ answer: Response; text: string; seen: SimRequest[] }> {
  await gateway.sim.control('POST', '/accounts', { email: owner, examples: true })
  await gateway.sim.forgetRequests()
  const { token } = await gateway.newToken({ tenant })
  const sent = await bodyOf(row)
  const init =
    sent === undefined ? {} : { body: sent.bytes, headers: { 'content-type': sent.contentType } }
  const answer = await gateway
    .as(token)
    .fetch(`/heygen${pathOf(row)}`, { method: row.method, ...init })
  const text = await answer.text()
  await free(gateway, answer)
  expect(answer.status, text).toBe(row.successStatus)
  const seen = await gateway.sim.requests()
  const others = seen.filter((request) => request.account !== owner && request.method !== 'GET')
  expect(others).toEqual([])
  return { answer, text, seen }
}

async function free(gateway: Gateway, answer: Response): Promise<void> {
  await gateway.sim.finishJobs()
  for (const job of answer.headers.get('x-gateway-job')?.split(',') ?? []) {
    await gateway.fetch(`/v1/heygen/scheduler/${encodeURIComponent(job)}?force=true`, {
      method: 'DELETE',
    })
  }
}

/** The tenant of a gateway that has one. */
export async function onlyTenant(gateway: Gateway): Promise<string> {
  const answer = await gateway.admin('GET', '/tokens')
  const { tokens } = (await answer.json()) as { tokens: { tenant: string }[] }
  return tokens[0]?.tenant ?? ''
}
