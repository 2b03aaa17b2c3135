/**
 * `npm run test:browser`: opens the pages in a real browser, in front of a real gateway and the simulator. Installs Debian's Chromium
 * if there is none. Arguments are names of test files. The last line counts the tests.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { findBrowser, installBrowser } from './lib/browser.ts'
import { countResults } from './lib/test-results.ts'

const RESULTS = '.local/browser-results.json'

process.env['CHROMIUM'] = findBrowser() ?? installBrowser()
mkdirSync('.local', { recursive: true })
rmSync(RESULTS, { force: true })
const args = [
  'run',
  '--config=test/browser/vitest.config.ts',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${RESULTS}`,
  ...process.argv.slice(2),
]
const { status } = spawnSync('vitest', args, { stdio: 'inherit' })
const { passed, failed } = countResults(RESULTS)
const all = failed + (status === 0 || failed > 0 ? 0 : 1)
console.log(`${String(passed)} passed, ${String(all)} failed`)
process.exitCode = all === 0 && passed > 0 ? 0 : 1
