/** A wait of ten minutes (six seconds of this gateway's clock) while workerd is killed and starts again. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { Simulator } from '../../support/simulator.ts'
import { openLegacy, openModern } from './agents.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-test-'))
const simulator = await Simulator.start({ vars: { JOB_MS: '-1' } })
afterAll(async () => {
  await simulator.dispose()
  await rm(folder, { recursive: true, force: true })
})

const { avatar_id, voice_id, script } = VIDEO
const WAIT = { max_seconds: 1800 }
const PATIENT = { timeout: 50_000, resetTimeoutOnProgress: true }

function start(name: string, port?: number): Promise<Gateway> {
  const persist = path.join(folder, name)
  const at = port === undefined ? {} : { port }
  return openGateway({ simulator, persist, isAlone: true, timeScale: 100, ...at })
}

/** Kills workerd, and starts it again at the same address with the same data. */
async function restart(gateway: Gateway, name: string): Promise<Gateway> {
  if (gateway.pid === undefined) throw new Error('no workerd to kill')
  process.kill(gateway.pid, 'SIGKILL')
  await gateway.dispose()
  return until(() => start(name, Number(new URL(gateway.url).port)).catch(() => undefined))
}

test('a ten-minute job through one wait of the official client survives a restart of the Worker', async () => {
  const first = await start('resumed')
  await first.addAccount('resumed', 1)
  const agent = await openLegacy(first)
  const made = await agent.call('make_video', { avatar_id, voice_id, script })
  const job_id = made.structuredContent?.['job_id']
  const progress: number[] = []
  const onprogress = (told: { progress: number }) => void progress.push(told.progress)
  const waited = agent.call('wait_for_job', { job_id, ...WAIT }, { ...PATIENT, onprogress })
  await until(async () => progress.length > 2)
  const before = progress.length
  const second = await restart(first, 'resumed')
  await until(async () => (progress.at(-1) ?? 0) >= 600 && progress.length > before)
  await simulator.finishJobs()
  const { structuredContent } = await waited
  expect(structuredContent).toMatchObject({ job_id, status: 'completed', done: true })
  expect(progress).toEqual([...progress].toSorted((a, b) => a - b))
  await agent.close()
  await second.dispose()
})

test('a client whose revision cannot resume calls the wait again after a restart, and it goes on', async () => {
  const first = await start('again')
  await first.addAccount('again', 1)
  const agent = await openModern(first)
  const made = await agent.call('make_video', { avatar_id, voice_id, script })
  const job_id = made.structuredContent?.['job_id']
  let told = 0
  const onprogress = () => void (told += 1)
  // This client does not notice that its stream broke, only that no news comes.
  const options = { timeout: 4000, resetTimeoutOnProgress: true, onprogress }
  const waited = agent.call('wait_for_job', { job_id, ...WAIT }, options).then(
    () => 'answered',
    () => 'cut off'
  )
  await until(async () => told > 0)
  const second = await restart(first, 'again')
  expect(await waited).toBe('cut off')
  await simulator.finishJobs()
  const { structuredContent } = await agent.call('wait_for_job', { job_id, ...WAIT }, PATIENT)
  expect(structuredContent).toMatchObject({ job_id, status: 'completed', done: true })
  await agent.close()
  await second.dispose()
})
