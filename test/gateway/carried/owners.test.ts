/** Every older call that names somebody's ids, carried on three accounts of which one has them. */
import { afterAll, expect, test } from 'vitest'
import { nameOf } from '../../support/catalogue/catalogue.ts'
import { callOfOwner, kindOfOwned, onlyTenant, OWNED } from '../../support/catalogue/owned-rows.ts'
import { isCarried } from '../../support/catalogue/carried-rows.ts'
import { oneOfEach } from '../../support/full.ts'
import { openGateway } from '../../support/gateway.ts'

const OWNER = 'bob@example.com'
const gateway = await openGateway({
  accounts: { ann: 10, bob: 10, cid: 10 },
  simVars: { JOB_MS: '600000', SYNC_MS: '5', SUNSET: 'true' },
})
afterAll(() => gateway.dispose())
const LOOK = { generation_id: '4f0c2d5b9e3a47d1a6c8e7b2f1903d5c' }
const tenant = await onlyTenant(gateway)

/** v3 trains by itself, so nothing is asked. A generation is a look in v3. */
const CASES = OWNED.filter(isCarried)
  .filter((row) => !row.path.endsWith('/train'))
  .map((row) => (row.pathExample['generation_id'] ? { ...row, pathExample: LOOK } : row))

test.each(oneOfEach(CASES, kindOfOwned).map((row) => ({ name: nameOf(row), row })))(
  '$name is carried at the owner of its ids, and no other account does its work',
  async ({ row }) => {
    const { answer, seen } = await callOfOwner(gateway, { row, tenant, owner: OWNER })
    expect(answer.headers.get('x-gateway-carried')).toMatch(/^(GET|POST|PUT|PATCH|DELETE) \/v3\//)
    expect(answer.headers.get('x-gateway-account')).toBe(OWNER)
    expect(seen.filter(({ path }) => !path.startsWith('/v3/'))).toEqual([])
    expect(seen.filter(({ account }) => account === OWNER).length).toBeGreaterThan(0)
  }
)
