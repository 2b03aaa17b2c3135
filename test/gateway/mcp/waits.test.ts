/** What a wait costs, on a clock that the test moves. */
import { request as httpRequest } from 'node:http'
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

/** The request of a wait, as `fetch` and node:http take it. */
function waiting(job_id: string) {
  const params = {
    name: 'wait_for_job',
    arguments: { job_id, max_seconds: 1800 },
    _meta: { progressToken: 1 },
  }
  return {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.token}`,
      accept: 'text/event-stream',
      'content-type': 'application/json',
    },
    body: JSON.stringify(request('tools/call', params)),
  }
}

/** `leave` closes the connection itself. What an aborted `fetch` does with it is up to its pool. */
function waitOnSocket(job_id: string): { leave: () => void } {
  const { body, ...options } = waiting(job_id)
  const sent = httpRequest(`${gateway.url}/mcp`, options, (answer) => answer.resume())
  sent.on('error', () => {})
  sent.end(body)
  return { leave: () => sent.destroy() }
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

test('a wait of ten minutes asks the provider less than 50 times and the objects nothing, until the job ends', async () => {
  const job_id = await newJob()
  const answer = gateway.fetch('/mcp', waiting(job_id))
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
  const { leave } = waitOnSocket(job_id)
  await until(isWaiting)
  leave()
  // The platform ends what is left of the request, at once or a moment later. A wait that went on would ask in each of these steps.
  await until(async () => {
    const asked = await questions(job_id)
    await advance(gateway, 20 * SECOND)
    return (await questions(job_id)) === asked
  })
})
