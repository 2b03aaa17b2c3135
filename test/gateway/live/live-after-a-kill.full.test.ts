import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { LivePage } from '../../support/live/page.ts'
import { Simulator } from '../../support/simulator.ts'

const persist = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-test-'))
const simulator = await Simulator.start({ vars: { JOB_MS: '-1' } })
afterAll(async () => {
  await simulator.dispose()
  await rm(persist, { recursive: true, force: true })
})

const start = (): Promise<Gateway> => openGateway({ simulator, persist, isAlone: true })

test('killed with a page open, the hub and its accounts forget nothing: changes go on for the next page', async () => {
  const first = await start()
  const { token } = first
  const email = await first.addAccount('kept', 2)
  const page = await LivePage.open(first)
  const created = await first.createVideo()
  const id = created.headers.get('x-gateway-job') ?? ''
  await page.shows(email, ({ held }) => held === 1)
  if (first.pid === undefined) throw new Error('no workerd to kill')
  process.kill(first.pid, 'SIGKILL')
  await until(async () => page.closedWith !== undefined)
  await first.dispose()

  const second = await start()
  second.token = token
  const next = await LivePage.open(second)
  const [pool] = next.messages
  // The first message is made from the hub's rows, and the account still knows that it is observed.
  expect(pool).toMatchObject({ type: 'pool', accounts: [{ email, held: 1, jobs: [{ id }] }] })
  await simulator.control('POST', `/jobs/${id}`, { status: 'completed' })
  await second.fetch(`/heygen/v3/videos/${id}`)
  await next.shows(email, ({ held }) => held === 0)
  next.close()
  await second.dispose()
})
