/** What Cloudflare's deploy button reads: package.json, .dev.vars.example and wrangler.toml. */
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { PLAIN } from '../../support/renewed/entries.ts'
import { takeWorker } from '../../support/renewed/renewed.ts'
import { deployButton } from '../../../scripts/lib/setup/deploy-button.ts'

const EXAMPLE = parseEnv(readFileSync('.dev.vars.example', 'utf8')) as Record<string, string>
const pkg = JSON.parse(readFileSync('package.json', 'utf8')) as {
  repository: { url: string }
  cloudflare: { bindings: Record<string, { description: string }> }
}

test('the button asks for exactly the secrets that the Worker needs, each with a description', () => {
  const [, list = ''] = /^required = \[(.*)\]$/m.exec(readFileSync('wrangler.toml', 'utf8')) ?? []
  const required = [...list.matchAll(/"(\w+)"/g)].map(([, name]) => name)
  expect(Object.keys(EXAMPLE)).toEqual(required)
  for (const name of required)
    expect(pkg.cloudflare.bindings[name ?? '']?.description).toContain('openssl rand')
})

test('the button in the README, if there is one, is of the repository in package.json', () => {
  const line = deployButton(pkg)
  expect(line).toContain(`?url=${pkg.repository.url})`)
  const readme = readFileSync('README.md', 'utf8')
  if (readme.includes('deploy.workers.cloudflare.com')) expect(readme).toContain(line)
})

test('a Worker with the values of the example serves nothing, on loopback neither, and says why [I6]', async () => {
  const worker = await takeWorker({
    config: 'wrangler.toml',
    name: 'gateway',
    entry: PLAIN,
    vars: EXAMPLE,
    onLog: () => undefined,
  })
  try {
    const why = 'The setting MASTER_KEYS is still the one of .dev.vars.example'
    const health = await fetch(`${worker.url}/healthz`)
    expect([health.status, await health.text()]).toEqual([503, expect.stringContaining(why)])
    const headers = { authorization: `Bearer ${EXAMPLE['ADMIN_TOKEN']}` }
    for (const path of ['/admin/tokens', '/v1/heygen/accounts', '/heygen/v3/videos']) {
      const refused = await fetch(worker.url + path, { headers })
      expect([path, refused.status]).toEqual([path, 500])
      expect(await refused.text()).toContain(why)
    }
  } finally {
    await worker.dispose()
  }
})
