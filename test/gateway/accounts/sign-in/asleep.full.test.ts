/** A desk that nobody calls is put out of memory between two questions to HeyGen. Only real time shows that. */
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { openGateway } from '../../../support/gateway.ts'
import {
  approve,
  begin,
  CLIENT,
  countsOf,
  issuer,
  stateOf,
} from '../../../support/scenes/sign-in.ts'

const gateway = await openGateway({ isAlone: true, vars: CLIENT, simVars: { JOB_MS: '-1' } })
afterAll(() => gateway.dispose())

test('a desk that is put out of memory between two questions asks at its pace all the same', async () => {
  await issuer(gateway, { interval: 40 })
  const begun = await begin(gateway)
  await approve(gateway, begun.user_code, 'asleep@example.com')
  // Nothing may call the desk meanwhile. workerd puts it out of memory after some ten seconds.
  await wait(100_000)
  expect((await countsOf(gateway)).polls).toBe(1)
  expect(await stateOf(gateway, begun.id)).toMatchObject({ status: 'done' })
})
