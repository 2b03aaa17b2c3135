/** Every row of the catalogue that names somebody's ids, with three accounts of which one has them. */
import { afterAll, expect, test } from 'vitest'
import { textsAt } from '#domain/text/json-pointer.ts'
import { heygen } from '#providers/heygen/index.ts'
import {
  bodyOf,
  IN_ORDER,
  kindOf,
  nameOf,
  pathOf,
  type CatalogueRow,
} from '../../support/catalogue/catalogue.ts'
import { isFull, oneOfEach } from '../../support/full.ts'
import { openGateway } from '../../support/gateway.ts'

const OWNER = 'bob@example.com'
const gateway = await openGateway({
  accounts: { ann: 10, bob: 10, cid: 10 },
  simVars: { JOB_MS: '600000', SYNC_MS: '5' },
})
afterAll(() => gateway.dispose())

const { tokens } = (await (await gateway.admin('GET', '/tokens')).json()) as {
  tokens: { tenant: string }[]
}
const tenant = tokens[0]?.tenant ?? ''

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
  return idsOf(row).length > 0 && !row.path.includes('/webhook')
}

function idsOf(row: CatalogueRow): string[] {
  return namedIds(row).filter((id) => !PUBLIC.has(id))
}

/** Where a row's ids stand. */
function placesOf(row: CatalogueRow): string {
  const match = heygen.routes.match(row.method, pathOf(row).split('?')[0] ?? '')
  return (match?.route.ids ?? []).map((ref) => ref.in).join(' ')
}

/** Of other rows the owner is known only where the rows before them made what they name. */
function isFindable(row: CatalogueRow): boolean {
  const match = heygen.routes.match(row.method, pathOf(row).split('?')[0] ?? '')
  const refs = match?.route.ids ?? []
  return refs.every((ref) => match && heygen.routes.searchFor(match, ref, 'some-id') !== undefined)
}

const OWNED = IN_ORDER.filter(isOwners)
const CASES = oneOfEach(
  isFull ? OWNED : OWNED.filter(isFindable),
  (row) => `${kindOf(row)} ${placesOf(row)}`
)

function namedIds(row: CatalogueRow): string[] {
  const match = heygen.routes.match(row.method, pathOf(row).split('?')[0] ?? '')
  const query = new URLSearchParams(row.queryExample)
  return (match?.route.ids ?? []).flatMap((ref) => {
    if (ref.in === 'body') return textsAt(row.requestExample, ref.at)
    const text = ref.in === 'path' ? match?.params[ref.at] : query.get(ref.at)
    return text ? text.split(',') : []
  })
}

test.each(CASES.map((row) => ({ name: nameOf(row), row })))(
  '$name reaches the owner of its ids, and no other account does its work',
  async ({ row }) => {
    await gateway.sim.control('POST', '/accounts', { email: OWNER, examples: true })
    await gateway.sim.forgetRequests()
    // Each with a token of its own: one may cause thirty searches a minute.
    const { token } = await gateway.newToken({ tenant })
    const sent = await bodyOf(row)
    const init =
      sent === undefined ? {} : { body: sent.bytes, headers: { 'content-type': sent.contentType } }
    const answer = await gateway
      .as(token)
      .fetch(`/heygen${pathOf(row)}`, { method: row.method, ...init })
    const text = await answer.text()
    await free(answer)
    expect(answer.status, text).toBe(row.successStatus)
    const seen = await gateway.sim.requests()
    const others = seen.filter((request) => request.account !== OWNER && request.method !== 'GET')
    expect(others).toEqual([])
    const path = pathOf(row).split('?')[0]
    const own = seen.filter(
      (request) =>
        request.account === OWNER && request.path === path && request.method === row.method
    )
    expect(own.length).toBeGreaterThan(0)
    const isSplit = row.path.endsWith('/statuses')
    if (!isSplit) expect(answer.headers.get('x-gateway-account')).toBe(OWNER)
    expect(seen.length).toBeLessThanOrEqual(1 + 3 * namedIds(row).length)
  }
)

async function free(answer: Response): Promise<void> {
  await gateway.sim.finishJobs()
  for (const job of answer.headers.get('x-gateway-job')?.split(',') ?? []) {
    await gateway.fetch(`/v1/heygen/scheduler/${encodeURIComponent(job)}?force=true`, {
      method: 'DELETE',
    })
  }
}
