/** Every row of the catalogue that names somebody's ids, with three accounts of which one has them. */
import { afterAll, expect, test } from 'vitest'
import { nameOf, pathOf } from '../../support/catalogue/catalogue.ts'
import {
  callOfOwner,
  isFindable,
  kindOfOwned,
  namedIds,
  onlyTenant,
  OWNED,
} from '../../support/catalogue/owned-rows.ts'
import { isFull, oneOfEach } from '../../support/full.ts'
import { openGateway } from '../../support/gateway.ts'

const OWNER = 'bob@example.com'
const gateway = await openGateway({
  accounts: { ann: 10, bob: 10, cid: 10 },
  simVars: { JOB_MS: '600000', SYNC_MS: '5' },
})
afterAll(() => gateway.dispose())
const tenant = await onlyTenant(gateway)

const CASES = oneOfEach(isFull ? OWNED : OWNED.filter(isFindable), kindOfOwned)

test.each(CASES.map((row) => ({ name: nameOf(row), row })))(
  '$name reaches the owner of its ids, and no other account does its work',
  async ({ row }) => {
    const { answer, seen } = await callOfOwner(gateway, { row, tenant, owner: OWNER })
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
