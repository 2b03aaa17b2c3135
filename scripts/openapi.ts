/** Writes docs/openapi.json from the routes of the Worker's source. With `--check` it only says whether the file is up to date. */
import { readFile, writeFile } from 'node:fs/promises'
import { toText } from './lib/openapi/json.ts'
import { routesOfApp } from './lib/openapi/routes-of-app.ts'

const FILE = 'docs/openapi.json'
/** The document is read by people and loaded by a page. */
const BYTES_MAX = 250_000

const { routes, ownError } = await routesOfApp()
// Only now can Node load the Worker's files.
const { documentOf } = await import('./lib/openapi/document.ts')
const { document, problems } = documentOf(routes, ownError)
const text = `${toText(document)}\n`
const bytes = Buffer.byteLength(text)
if (bytes > BYTES_MAX) problems.push(`${FILE} has ${bytes} bytes; ${BYTES_MAX} are allowed`)
if (!process.argv.includes('--check')) {
  await writeFile(FILE, text)
} else if ((await readFile(FILE, 'utf8').catch(() => '')) !== text) {
  problems.push(
    `${FILE} is not what the routes say: run "npm run openapi" and look at the difference`
  )
}
for (const problem of problems) console.error(problem)
console.log(`${FILE}: ${(bytes / 1000).toFixed(1)} kB`)
process.exitCode = problems.length === 0 ? 0 : 1
