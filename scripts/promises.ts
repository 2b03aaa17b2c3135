/**
 * Writes docs/promises.md: each promise with the tests that guard it. With `--check` it only says whether the page is up to date.
 * Fails if a promise has no guard in `npm test`, or if a tag is wrong.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { findGuards } from './lib/guards.ts'
import { PAGE, promiseProblems, promisesPage } from './lib/promises-page.ts'
import { EVIDENCE, PROMISES } from './lib/promises-text.ts'
import { openTree, read } from './lib/structure/tree.ts'

const tree = openTree('.')
const { guards, problems } = findGuards(tree)
problems.push(...promiseProblems(tree, PROMISES, guards, EVIDENCE))
const page = promisesPage(tree, PROMISES, guards, EVIDENCE)
if (!process.argv.includes('--check')) {
  writeFileSync(PAGE, page)
} else if (!existsSync(PAGE) || read(tree, PAGE) !== page) {
  problems.push(`${PAGE} is not what the tests say: run "npm run promises".`)
}
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
