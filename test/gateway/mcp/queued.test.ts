/** Agents and the queue: a video that waits for a slot. */
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, VIDEO } from '../../support/gateway.ts'
import { call } from './agent.ts'

const gateway = await openGateway({ accounts: { only: 1 }, simVars: { JOB_MS: '-1' } })
afterAll(() => gateway.dispose())

const { avatar_id, voice_id } = VIDEO

test('a video that waits in the queue is queued for an agent, and its wait goes on until the end', async () => {
  const make = (script: string, more: object = {}) =>
    call(gateway, 'make_video', { avatar_id, voice_id, script, ...more })
  const running = await make('The first.')
  const made = await make('The second.', { queue: true })
  expect(made.structuredContent).toMatchObject({ status: 'waiting', account: null })
  const job_id = String(made.structuredContent['job_id'])
  const seen = await call(gateway, 'get_job', { job_id })
  expect(seen.structuredContent).toMatchObject({ job_id, status: 'queued', done: false })
  const waited = await call(gateway, 'wait_for_job', { job_id, max_seconds: 1 })
  expect(waited.structuredContent['next']).toContain('waits for a slot')
  await gateway.sim.finishJobs()
  await call(gateway, 'get_job', { job_id: running.structuredContent['job_id'] })
  await until(async () => {
    const { structuredContent } = await call(gateway, 'get_job', { job_id })
    return structuredContent['status'] === 'running'
  }, 30_000)
  await gateway.sim.finishJobs()
  const end = await call(gateway, 'wait_for_job', { job_id, max_seconds: 20 })
  expect(end.structuredContent).toMatchObject({ job_id, status: 'completed', done: true })
}, 60_000)
