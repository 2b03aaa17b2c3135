/** What a wait costs, on a clock that the test moves. */
import { afterAll, expect, test } from 'vitest'
import { advance, clockOf, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway, until, VIDEO } from '../../support/gateway.ts'
import { call, request, toTold } from './agent.ts'

const gateway = await openGateway({
  accounts: { cost: 3 },
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

const { avatar_id, voice_id, script } = VIDEO

async function newJob(): Promise<string> {
  const made = await call(gateway, 'make_video', { avatar_id, voice_id, script })
  return made.structuredContent['job_id'] as string
}

function wait(job_id: string, signal?: AbortSignal): Promise<Response> {
  const params = {
    name: 'wait_for_job',
    arguments: { job_id, max_seconds: 1800 },
    _meta: { progressToken: 1 },
  }
  return gateway.fetch('/mcp', {
    method: 'POST',
    body: JSON.stringify(request('tools/call', params)),
    headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
    ...(signal ? { signal } : {}),
  })
}

/** How often each method of the objects was called. */
async function methods(): Promise<Record<string, number>> {
  const answer = await fetch(`${gateway.url}/__methods`)
  return (await answer.json()) as Record<string, number>
}

async function questions(job_id: string): Promise<number> {
  return (await gateway.sim.requests()).filter(({ path }) => path.includes(job_id)).length
}

const isWaiting = async () => (await clockOf(gateway)).timers === 1
const isOver = async () => (await clockOf(gateway)).timers === 0

test('a wait of ten minutes asks the provider less than 50 times and the objects nothing, until the job ends', async () => {
  const job_id = await newJob()
  const answer = wait(job_id)
  await until(isWaiting)
  await methods()
  for (let at = 0; at < 10 * MINUTE; at += 20 * SECOND) {
    await advance(gateway, 20 * SECOND)
    await until(isWaiting)
  }
  // The alarm of the account's object asks for the targets of deliveries.
  const { outlets: _, ...asked } = await methods()
  expect(asked).toEqual({})
  expect(await questions(job_id)).toBeLessThan(50)
  await gateway.sim.finishJobs()
  await advance(gateway, 20 * SECOND)
  const told = await answer
  const { message } = toTold(told, await told.text())
  expect(message.result.structuredContent).toMatchObject({
    job_id,
    done: true,
    status: 'completed',
  })
})

test('a wait whose client has left asks no more', async () => {
  const job_id = await newJob()
  const leaving = new AbortController()
  const answer = await wait(job_id, leaving.signal)
  await until(isWaiting)
  leaving.abort()
  await answer.body?.cancel().catch(() => undefined)
  await until(isOver, 30_000)
  const asked = await questions(job_id)
  // A wait would ask after 5 s, the account's own alarm after 30.
  await advance(gateway, 20 * SECOND)
  expect(await questions(job_id)).toBe(asked)
})
