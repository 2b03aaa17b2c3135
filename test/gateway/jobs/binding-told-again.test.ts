import { afterAll, expect, test } from 'vitest'
import { openGateway, until } from '../../support/gateway.ts'

const gateway = await openGateway({
  accounts: { ann: 1 },
  entry: 'test/support/workers/binds/unbinding-worker.ts',
  simVars: { JOB_MS: '-1' },
})
afterAll(() => gateway.dispose())

test('a job whose binding got lost is bound a moment later, without anyone looking for it [I2]', async () => {
  await gateway.sim.forgetRequests()
  const made = await gateway.createVideo({ title: 'No name of its own' })
  expect(made.status).toBe(200)
  const id = made.headers.get('x-gateway-job')
  await until(async () => {
    const view = (await (await gateway.fetch(`/v1/heygen/jobs/${id}`)).json()) as { status: string }
    return view.status === 'running'
  })
  // The provider was asked nothing for it.
  expect((await gateway.sim.requests()).map((one) => one.method)).toEqual(['POST'])
})
