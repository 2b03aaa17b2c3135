/**
 * Writes docs/openapi.json and docs/openapi-drop-in.json from the routes of the Worker's source and the providers' tables (decision
 * 0045). With `--check` it only says whether the files are up to date.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { toText } from './lib/openapi/json.ts'
import { routesOfApp } from './lib/openapi/routes-of-app.ts'

/** A document is read by people and loaded by a page. */
const BYTES_MAX = 200_000

const { routes, ownError } = await routesOfApp()
// Only now can Node load the Worker's files.
const { documentOf } = await import('./lib/openapi/document.ts')
const { document, dropIn, problems } = documentOf(routes, ownError)
for (const [file, content] of [
  ['docs/openapi.json', document],
  ['docs/openapi-drop-in.json', dropIn],
] as const) {
  const text = `${toText(content)}\n`
  const bytes = Buffer.byteLength(text)
  if (bytes > BYTES_MAX) problems.push(`${file} has ${bytes} bytes; ${BYTES_MAX} are allowed`)
  if (!process.argv.includes('--check')) {
    await writeFile(file, text)
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    problems.push(
      `${file} is not what the routes say: run "npm run openapi" and look at the difference`
    )
  }
  console.log(`${file}: ${(bytes / 1000).toFixed(1)} kB`)
}
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
