/** examples/curl.sh as a user runs it, where it is refused. */
import { execFile } from 'node:child_process'
import { expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'

const open = gatewaysOfFile()

test('on a full pool it ends with the answer, its status, and what to do', async () => {
  const gateway = await open({ accounts: { one: 1 }, simVars: { JOB_MS: '600000' } })
  await gateway.createVideo()
  const env = { ...process.env, BASE_URL: gateway.url, TOKEN: gateway.token }
  const said = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile('sh', ['examples/curl.sh'], { env }, (error, _, stderr) =>
      resolve({ code: error?.code, stderr })
    )
  })
  expect(said.code).toBe(1)
  expect(said.stderr).toContain('429')
  expect(said.stderr).toContain('slots_full')
  expect(said.stderr).toContain('Prefer: wait=30')
})
