/** Clients of HeyGen's older API, as they are, on a HeyGen that serves v3 only. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { openAfterSunset } from '../support/scenes/legacy/after-sunset.ts'
import { gatewaysOfFile } from '../support/gateways-of-file.ts'

const run = promisify(execFile)
const open = gatewaysOfFile()

test('the curl script of seed 002 lists avatars, makes a video, waits for it and downloads it', async () => {
  const gateway = await openAfterSunset(open, { simVars: { JOB_MS: '500' } })
  const folder = await mkdtemp(path.join(tmpdir(), 'seed-002-'))
  const out = path.join(folder, 'video.mp4')
  const env = {
    ...process.env,
    BASE_URL: `${gateway.url}/heygen`,
    HEYGEN_API_KEY: gateway.token,
    OUT: out,
  }
  const { stdout } = await run('sh', ['test/clients/seed-002.sh'], { env })
  const [, id] = /^video=(.+)$/m.exec(stdout) ?? []
  expect(stdout).toContain('status=completed')
  expect((await readFile(out)).length).toBeGreaterThan(0)
  await rm(folder, { recursive: true })
  const newer = await gateway.fetch(`/heygen/v3/videos/${id}`)
  expect(await newer.json()).toMatchObject({ data: { id, status: 'completed' } })
  const bill = await gateway.sim.control<{ calls: number; usd: number }>('GET', '/bill')
  expect(bill.calls).toBe(1)
})
