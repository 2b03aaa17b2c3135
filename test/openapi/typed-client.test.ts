/** The typed client of examples/client: a video is made with it. */
import { execFile } from 'node:child_process'
import { expect, test } from 'vitest'
import { installClients } from '../../scripts/install-clients.ts'
import { gatewaysOfFile } from '../support/gateways-of-file.ts'

const open = gatewaysOfFile()
await installClients()

function run(args: string[], env: Record<string, string> = {}): Promise<[unknown, string]> {
  const options = { env: { ...process.env, ...env } }
  return new Promise((resolve) => {
    execFile('node', args, options, (error, stdout, stderr) =>
      resolve([error?.code ?? 0, stdout + stderr])
    )
  })
}

test('the typed client makes a video and says where it is', async () => {
  const gateway = await open({ accounts: { alice: 2 }, simVars: { JOB_MS: '300' } })
  const env = { BASE_URL: gateway.url, TOKEN: gateway.token, POLL_MS: '100' }
  const [code, text] = await run(['examples/client/make-a-video.ts'], env)
  expect([code, text]).toEqual([0, expect.stringMatching(/^started \w+\ncompleted http\S+\n/)])
  expect(text).toContain('alice@example.com: 2 free slots')
})
