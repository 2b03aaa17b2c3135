/** The official clients, unmodified, with every tool of `/mcp`. Both check each answer against the tool's output schema. */
import { afterAll, expect, test } from 'vitest'
import { openGateway, VIDEO } from '../../support/gateway.ts'
import { openLegacy, openModern } from './agents.ts'

const shared = await openGateway({ timeScale: 10 })
afterAll(() => shared.dispose())

const { avatar_id, voice_id, script } = VIDEO
const WANTED = { avatar_id, voice_id, script }
const CLIENTS = [
  ['sdk 1.32.2', '2025-11-25', openLegacy],
  ['client 2.4.0', '2026-07-28', openModern],
] as const

for (const [name, revision, open] of CLIENTS) {
  test(`the official ${name} lists and calls every tool by the revision ${revision}`, async () => {
    const gateway = shared.as((await shared.newToken()).token)
    const email = await gateway.addAccount(`agent-${revision}`, 3)
    const agent = await open(gateway)
    expect(agent.version()).toBe(revision)
    const called = new Set<string>()
    const call = async (tool: string, given = {}) => {
      called.add(tool)
      const { isError, structuredContent, content } = await agent.call(tool, given)
      expect(isError, content[0]?.text).toBeFalsy()
      expect(JSON.parse(content[0]?.text ?? '')).toEqual(structuredContent)
      return structuredContent ?? {}
    }

    expect(await call('list_avatars', { limit: 2 })).toMatchObject({
      avatars: [{ avatar_id: VIDEO.avatar_id }, {}],
      next_page_token: expect.any(String),
    })
    expect(await call('list_voices', { type: 'public', limit: 1 })).toMatchObject({
      voices: [{ voice_id: VIDEO.voice_id }],
    })
    const made = await call('make_video', WANTED)
    expect(made).toMatchObject({ status: 'waiting', account: email, joined: null })
    const { job_id } = made
    expect(await call('get_job', { job_id })).toMatchObject({
      job_id,
      status: 'running',
      done: false,
    })
    const slots = { account: email, max_jobs: 3, running: 1, free: 2, error: null }
    expect(await call('list_accounts')).toEqual({ accounts: [slots] })
    const health = { state: 'ok', accounts: 1, slots: 3, running: 1, free: 2, troubled: [] }
    expect(await call('pool_health')).toEqual(health)
    await gateway.sim.finishJobs()
    expect(await call('wait_for_job', { job_id, max_seconds: 1800 })).toMatchObject({
      job_id,
      status: 'completed',
      done: true,
      result: { video_url: expect.stringContaining('http') },
    })
    const [second, third] = [await call('make_video', WANTED), await call('make_video', WANTED)]
    expect(await call('list_jobs', { limit: 3 })).toMatchObject({
      jobs: [{ job_id: third['job_id'] }, { job_id: second['job_id'] }, { job_id }],
      next_cursor: null,
    })
    await call('stop_tracking', { job_id: second['job_id'] })
    expect(await gateway.heldSlots()).toBe(2)
    await call('free_slot', { job_id: third['job_id'] })
    expect(await gateway.heldSlots()).toBe(1)
    expect((await agent.tools()).map((tool) => tool.name).toSorted()).toEqual(
      [...called].toSorted()
    )
    await agent.close()
  })
}
