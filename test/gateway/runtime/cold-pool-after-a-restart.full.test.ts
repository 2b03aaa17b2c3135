import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openGateway, VIDEO, type Gateway } from '../../support/gateway.ts'
import { Simulator } from '../../support/simulator.ts'

const persist = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-test-'))
const simulator = await Simulator.start({ vars: { JOB_MS: '-1' } })
afterAll(async () => {
  await simulator.dispose()
  await rm(persist, { recursive: true, force: true })
})

const [POOL, OCCUPIED, JOBS] = [40, 36, 6]

function start(): Promise<Gateway> {
  return openGateway({ simulator, persist, entry: 'test/support/workers/counting-worker.ts' })
}

test('after a restart of the whole gateway a creation in a pool that is nine tenths full costs at most six requests on average', async () => {
  const first = await start()
  const names = Array.from({ length: POOL }, (_, at) => `pool${at}`)
  for (const [at, name] of names.entries()) await first.addAccount(name, at < OCCUPIED ? 1 : 10)
  for (const name of names.slice(0, OCCUPIED)) {
    const headers = { 'x-gateway-account': `${name}@example.com` }
    expect((await first.createVideo({}, headers)).status).toBe(200)
  }
  const { token } = first
  await first.dispose()

  const second = await start()
  try {
    second.token = token
    // Who owns what the creation names is asked once; that is a cost of its own.
    await second.fetch(`/heygen/v3/avatars/looks/${VIDEO.avatar_id}`)
    await fetch(`${second.url}/__methods`)
    for (let job = 0; job < JOBS; job += 1) expect((await second.createVideo()).status).toBe(200)
    const methods = (await (await fetch(`${second.url}/__methods`)).json()) as Record<
      string,
      number
    >
    const { acquire = 0, fullAccounts = 0, bind = 0, learn = 0 } = methods
    console.log(JSON.stringify(methods))
    expect((acquire + fullAccounts + bind + learn) / JOBS).toBeLessThanOrEqual(6)
  } finally {
    await second.dispose()
  }
})
