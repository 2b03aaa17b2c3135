/** The workflow of GitHub Actions: it can change nothing, and runs no action that can be changed under it. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const FOLDER = '.github/workflows'
const workflows = readdirSync(FOLDER).map((name) => readFileSync(`${FOLDER}/${name}`, 'utf8'))

test('a workflow reads the code and nothing else, has no secret and a time limit, and pins every action by its commit', () => {
  expect(workflows.length).toBeGreaterThan(0)
  for (const text of workflows) {
    expect(text).toMatch(/^permissions:\n  contents: read\n\n/m)
    expect(text.match(/permissions:/g)).toHaveLength(1)
    expect(text).not.toMatch(/secrets\.|pull_request_target/)
    expect(text).toMatch(/timeout-minutes: \d+/)
    for (const [, action] of text.matchAll(/uses: (\S+)/g)) expect(action).toMatch(/@[0-9a-f]{40}$/)
  }
})

test('a workflow runs only commands that package.json has', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: Record<string, string>
  }
  for (const text of workflows)
    for (const [, name = ''] of text.matchAll(/run: npm (?:run )?(\S+)/g))
      expect([...Object.keys(scripts), 'ci']).toContain(name)
})
