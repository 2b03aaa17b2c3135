/** Where Cloudflare is asked to make objects. */
import { expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'

const open = gatewaysOfFile()
const ENTRY = 'test/support/workers/objects/placing-worker.ts'
const CREATION = { prompt: 'a cat' }

/** A creation asks the tenant's object and an account's. */
async function placesOf(vars: Record<string, string>): Promise<Set<string>> {
  const gateway = await open({ entry: ENTRY, vars, accounts: { ann: 3 } })
  const answer = await gateway.post('/heygen/v3/video-agents', CREATION)
  expect(answer.status).toBe(200)
  return new Set(answer.headers.get('x-placed')?.split(' '))
}

test('every object is asked for with the hint of LOCATION_HINT, and without one when it is empty', async () => {
  expect(await placesOf({ LOCATION_HINT: 'weur' })).toEqual(new Set(['weur']))
  expect(await placesOf({})).toEqual(new Set(['-']))
})
