/**
 * `npm test`, everything that CI runs: the checks and the tests, side by side, since many tests wait for spans to pass. What
 * the checks say is shown when the tests are over. `npm run test:full` (`--full`) runs the `*.full.test.ts` too.
 * The last line counts the tests, the line before it says how long all took.
 */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'

const RESULTS = '.local/test-results.json'

function run(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0
}

function start(command: string, args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit' })
    child.on('error', () => resolve(false))
    child.on('exit', (code) => resolve(code === 0))
  })
}

function check(): Promise<{ isGood: boolean; text: string }> {
  const options = { maxBuffer: 64 * 1024 * 1024 }
  return new Promise((resolve) => {
    execFile('npm', ['run', '--silent', 'check'], options, (error, stdout, stderr) =>
      resolve({ isGood: error === null, text: `${stdout}${stderr}` })
    )
  })
}

interface Results {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

function readResults(): Results {
  try {
    return JSON.parse(readFileSync(RESULTS, 'utf8')) as Results
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, testResults: [] }
  }
}

/** Files that failed without a failed test: they could not be read, or what stands before and after their tests threw. */
function countFailedFiles({ testResults }: Results): number {
  return testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed')
  ).length
}

const startedAt = Date.now()
const files = process.argv.slice(2).filter((argument) => argument !== '--full')
if (process.argv.includes('--full')) process.env.FULL = '1'
mkdirSync('.local', { recursive: true })
rmSync(RESULTS, { force: true })
// Both need the clients' packages: installed once, before either.
const isReady = run('node', ['scripts/install-clients.ts'])
const checking = check()
const isTested = await start('vitest', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${RESULTS}`,
  ...files,
])
const checked = await checking
console.log(checked.text)
const isChecked = isReady && checked.isGood
const results = readResults()
const failedTests = results.numFailedTests + countFailedFiles(results)
// A failed check counts as a failure; so does an error outside every test, which only Vitest's exit code tells.
const failed = failedTests + (isChecked ? 0 : 1) + (isTested || failedTests > 0 ? 0 : 1)
console.log(isChecked ? 'checks passed' : 'checks failed: see above')
console.log(`duration: ${String(Math.round((Date.now() - startedAt) / 1000))} s`)
console.log(`${String(results.numPassedTests)} passed, ${String(failed)} failed`)
process.exitCode = failed === 0 && results.numPassedTests > 0 ? 0 : 1
