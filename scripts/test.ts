/** `npm test`, everything that CI runs: the checks, then the tests. The last line counts the tests. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'

const RESULTS = '.local/test-results.json'

function run(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0
}

interface Results {
  numPassedTests: number
  numFailedTests: number
}

function readResults(): Results {
  try {
    return JSON.parse(readFileSync(RESULTS, 'utf8')) as Results
  } catch {
    return { numPassedTests: 0, numFailedTests: 1 }
  }
}

mkdirSync('.local', { recursive: true })
rmSync(RESULTS, { force: true })
const isChecked = run('npm', ['run', '--silent', 'check'])
const files = process.argv.slice(2)
const isTested = run('vitest', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${RESULTS}`,
  ...files,
])
const { numPassedTests, numFailedTests } = readResults()
// A failed check counts as a failure; so does a test file that could not even be read.
const failed = numFailedTests + (isChecked ? 0 : 1) + (isTested || numFailedTests > 0 ? 0 : 1)
console.log(isChecked ? 'checks passed' : 'checks failed: see above')
console.log(`${numPassedTests} passed, ${failed} failed`)
process.exitCode = failed === 0 && numPassedTests > 0 ? 0 : 1
