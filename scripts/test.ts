/**
 * `npm test`: runs what CI runs, the checks and the tests, at the same time. The output of the checks is shown after the tests.
 * `npm run test:full` (`--full`) also runs the `*.full.test.ts`. The last line counts the tests. The line before it says how long
 * everything took.
 */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { countResults } from './lib/test-results.ts'

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

const startedAt = Date.now()
const files = process.argv.slice(2).filter((argument) => argument !== '--full')
if (process.argv.includes('--full')) process.env.FULL = '1'
mkdirSync('.local', { recursive: true })
rmSync(RESULTS, { force: true })
// The checks and the tests both need the packages of the clients, so these are installed first.
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
const { passed, failed: failedTests } = countResults(RESULTS)
// A failed check counts as a failure. So does an error outside every test, which only Vitest's exit code shows.
const failed = failedTests + (isChecked ? 0 : 1) + (isTested || failedTests > 0 ? 0 : 1)
console.log(isChecked ? 'checks passed' : 'checks failed: see above')
console.log(`duration: ${String(Math.round((Date.now() - startedAt) / 1000))} s`)
console.log(`${String(passed)} passed, ${String(failed)} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
