/** `npm run oauth:register`, and a gateway before and after its operator ran it. */
import { execFile } from 'node:child_process'
import { expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { SIGN_IN } from '../../support/scenes/sign-in.ts'

const open = gatewaysOfFile()

function register(
  origin: string,
  ...args: readonly string[]
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const env = { ...process.env, HEYGEN_WEB_ORIGIN: origin }
  return new Promise((resolve) => {
    execFile('node', ['scripts/oauth-register.ts', ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr })
    )
  })
}

test('without a client nobody signs in and the answer says what to run; what that prints is a client that works', async () => {
  const without = await open()
  const refused = await without.post(SIGN_IN, { maxJobs: 1 })
  expect([refused.status, await refused.json()]).toEqual([
    501,
    {
      error:
        "Sign-in needs an OAuth client of the operator's own: set HEYGEN_OAUTH_CLIENT_ID (npm run oauth:register makes one).",
      code: 501,
    },
  ])
  const { sim: simulator } = without
  const said = await register(`${simulator.url}/api2.heygen.com`)
  expect(said).toMatchObject({ code: 0, stderr: '' })
  const client = /HEYGEN_OAUTH_CLIENT_ID = "(\S+)"/.exec(said.stdout)?.[1] ?? ''
  const gateway = await open({ simulator, vars: { HEYGEN_OAUTH_CLIENT_ID: client } })
  expect((await gateway.post(SIGN_IN, { maxJobs: 1 })).status).toBe(202)
  const refusedToo = await register(`${simulator.url}/upload.heygen.com`)
  expect(refusedToo).toMatchObject({ code: 1, stdout: '' })
  expect(refusedToo.stderr).toContain('No client was registered.')
  const nobody = 'http://127.0.0.1:1'
  expect((await register(nobody)).stderr).toContain(`${nobody} could not be reached`)
  // Help asks nobody.
  expect(await register(nobody, '--help')).toMatchObject({ code: 0, stderr: '' })
})
