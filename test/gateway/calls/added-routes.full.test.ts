/** As many added rows as there may be. */
import { afterAll, expect, test } from 'vitest'
import { openGateway } from '../../support/gateway.ts'

const gateway = await openGateway({ accounts: { ann: 3, bob: 3 }, simVars: { JOB_MS: '-1' } })
afterAll(() => gateway.dispose())

const row = (index: number) => ({
  provider: 'heygen',
  method: 'POST',
  path: `/v3/unlisted/plain-x/y${index}/z`,
  kind: 'write-account',
})

test('there may be 200 added rows; the next is refused by name, and each of the 200 is in force', async () => {
  for (let index = 0; index < 200; index += 1)
    expect((await gateway.admin('POST', '/routes', row(index))).status).toBe(201)
  const refused = await gateway.admin('POST', '/routes', row(200))
  expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([
    409,
    expect.stringContaining('200'),
  ])
  const { routes } = (await (await gateway.admin('GET', '/routes')).json()) as { routes: object[] }
  expect(routes).toHaveLength(200)
  const held = await Promise.all(Array.from({ length: 6 }, () => gateway.createVideo()))
  expect(held.every((one) => one.status === 200)).toBe(true)
  // A plain write needs no slot; without its row it would be refused.
  const answers = await Promise.all(
    [0, 99, 199, 200].map((index) => gateway.post(`/heygen/v3/unlisted/plain-x/y${index}/z`, {}))
  )
  expect(answers.map((one) => one.status)).toEqual([404, 404, 404, 429])
})
