/** Writes docs/promises.md from the promises, the tests that guard them and the measured numbers. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Guard } from './guards.ts'
import type { Evidence, Promised } from './promises-text.ts'
import { read, type Tree } from './structure/tree.ts'

export const PAGE = 'docs/promises.md'

const HEAD = `# Promises

\`npm run promises\` writes this page. \`npm run check:promises\` fails if the page is out of date. A test guards a promise if its name
ends with the promise's number, as in \`… [I4]\`. Values of \`test.each\` or of a template are shown as placeholders. If a file has no
\`.test\` in its name, each test file that imports it runs its tests. Only \`npm run test:full\` runs the tests marked *full*.
`

/** Reads the line of each promise from a file that `evidence` names. */
function linesOf(tree: Tree, file: string | undefined): Record<string, string> | undefined {
  if (file === undefined) return undefined
  if (!existsSync(path.join(tree.root, file))) return {}
  return JSON.parse(read(tree, file)) as Record<string, string>
}

const guardsOf = (guards: Guard[], id: string): Guard[] =>
  guards.filter(({ promises }) => promises.includes(id))

function countsOf(guards: Guard[]): string {
  const full = guards.filter(({ isFull }) => isFull).length
  return `${guards.length - full} in \`npm test\`, ${full} more in \`npm run test:full\``
}

/** Escapes the characters of Markdown and HTML. */
const plain = (name: string): string => name.replace(/[*_<`]/g, '\\$&')

function listOf(guards: Guard[]): string {
  const files = Map.groupBy(guards, ({ file }) => file)
  const parts = [...files].map(([file, tests]) => {
    const names = tests.map(({ name, isFull }) => `  - ${plain(name)}${isFull ? ' *(full)*' : ''}`)
    return [`- \`${file}\``, ...names].join('\n')
  })
  return parts.join('\n')
}

export function promisesPage(
  tree: Tree,
  promises: Promised[],
  guards: Guard[],
  evidence: Evidence
): string {
  const simulation = linesOf(tree, evidence.simulation)
  const soak = linesOf(tree, evidence.soak)
  const rows = promises.map(({ id, title }) => {
    const cells = [`[${id}](#${id.toLowerCase()})`, title, countsOf(guardsOf(guards, id))]
    return `| ${[...cells, simulation?.[id] ?? 'not yet', soak?.[id] ?? 'not yet'].join(' | ')} |`
  })
  const table = [
    '| | promise | guarded by tests | checked by the simulation | counted by the soak |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
  const sections = promises.map(({ id, title, text, except }) => {
    const limits = except === undefined ? '' : `\n\nNot included: ${except}`
    const list = listOf(guardsOf(guards, id))
    return `## ${id}\n\n**${title}.** ${text}${limits}\n\n${list}\n`
  })
  return [HEAD, `${table}\n`, ...sections].join('\n')
}

export function promiseProblems(
  tree: Tree,
  promises: Promised[],
  guards: Guard[],
  evidence: Evidence
): string[] {
  const ids = promises.map(({ id }) => id)
  const alone = ids.filter((id) => guardsOf(guards, id).every(({ isFull }) => isFull))
  const unknown = guards.flatMap(({ file, name, promises: named }) =>
    named
      .filter((id) => !ids.includes(id))
      .map((id) => `${file}: "${name}" names ${id}, no promise`)
  )
  const lacking = Object.values(evidence).flatMap((file: string) => {
    const lines = linesOf(tree, file) ?? {}
    return ids.filter((id) => !lines[id]).map((id) => `${file} has no line for ${id}`)
  })
  return [...alone.map((id) => `no test of \`npm test\` guards ${id}`), ...unknown, ...lacking]
}
