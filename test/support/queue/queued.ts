/** Queues creations at the front door, as a client does, and waits for what becomes of them. */
import { expect } from 'vitest'
import { until, type Gateway } from '../gateway.ts'

const ASYNC = { prefer: 'respond-async' }

/** The names of the jobs of a creation that was queued, and its answer. */
export async function queued(
  gateway: Gateway,
  path: string,
  body: object,
  headers: Record<string, string> = {}
): Promise<{ names: string[]; json: unknown; headers: Headers }> {
  const answer = await gateway.post(path, body, { ...ASYNC, ...headers })
  const text = await answer.text()
  expect(answer.status, text).toBe(202)
  expect(answer.headers.get('preference-applied')).toBe('respond-async')
  const names = (answer.headers.get('x-gateway-job') ?? '').split(',').map((name) => name.trim())
  return { names, json: JSON.parse(text), headers: answer.headers }
}

export interface JobView {
  jobid: string
  providerJob?: string
  requestId: string
  email: string | null
  status: string
  detail: string | null
}

export async function jobOf(gateway: Gateway, name: string, provider = 'heygen'): Promise<JobView> {
  return (await (await gateway.fetch(`/v1/${provider}/jobs/${name}`)).json()) as JobView
}

/** The job, once its view says so. */
export function becomes(
  gateway: Gateway,
  name: string,
  status: string,
  provider = 'heygen'
): Promise<JobView> {
  return until(async () => {
    const view = await jobOf(gateway, name, provider)
    return view.status === status && view
  })
}

/** Ends what runs at the provider, and asks about it, so that the gateway knows. */
export async function endRunning(gateway: Gateway, ask: string): Promise<void> {
  await gateway.sim.finishJobs()
  await (await gateway.fetch(ask)).text()
}
