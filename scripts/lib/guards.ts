/**
 * Finds which tests guard which promise. A test says so at the end of its name, `… [I4]` or `… [I1, I4]`. The text of the tests is
 * read, not run, so the values of `test.each` or of a template stay placeholders. A tag in any other place is a problem.
 */
import { filesUnder, importsUnder, read, type Tree } from './structure/tree.ts'

export interface Guard {
  file: string
  name: string
  promises: string[]
  /** Whether only `npm run test:full` runs the test. */
  isFull: boolean
}

export interface Guards {
  guards: Guard[]
  problems: string[]
}

/** A whole string that ends with a tag. */
const TAGGED = /(['"`])((?:(?!\1)[^\\]|\\.)*?) \[(I\d+(?:, I\d+)*)\]\1/g
/** Any text that looks like a tag. */
const TAG_LIKE = /\[I\d/g
/** The code before the name: `test(`, `testFull(` (test/support/full.ts), or `test.each(…)(`. */
const PLAIN = /\b(test|testFull)\(\s*$/
const AFTER_CASES = /\)\(\s*$/
const METHOD = /\btest\.(\w+)/g

/** When a test runs, from the code before its name. Undefined: it is not the name of a test, or the test may be skipped. */
function whenItRuns(before: string): 'always' | 'full' | undefined {
  const plain = PLAIN.exec(before)?.[1]
  if (plain !== undefined) return plain === 'testFull' ? 'full' : 'always'
  const method = AFTER_CASES.test(before) ? [...before.matchAll(METHOD)].at(-1)?.[1] : undefined
  return method === 'each' || method === 'for' ? 'always' : undefined
}

function guardsIn(file: string, text: string): Guard[] {
  return [...text.matchAll(TAGGED)].flatMap((found) => {
    const [, , name = '', ids = ''] = found
    const when = whenItRuns(text.slice(0, found.index))
    if (when === undefined) return []
    const shown = name.replace(/\\(.)/g, '$1')
    return [{ file, name: shown, promises: ids.split(', '), isFull: when === 'full' }]
  })
}

const isTestFile = (file: string): boolean => file.endsWith('.test.ts')
const isFullFile = (file: string): boolean => file.endsWith('.full.test.ts')

/** Finds the test files that import a file, directly or not. Several test files may share a file that registers tests. */
function testFilesOf(tree: Tree): (file: string) => string[] {
  const importers = Map.groupBy(importsUnder(tree, 'test'), ({ to }) => to)
  return (file) => {
    const found = new Set([file])
    for (const one of found) for (const { from } of importers.get(one) ?? []) found.add(from)
    return [...found].filter(isTestFile)
  }
}

export function findGuards(tree: Tree): Guards {
  const testFiles = testFilesOf(tree)
  const files = filesUnder(tree, 'test').filter((file) => file.endsWith('.ts'))
  const found = files.map((file) => {
    const text = read(tree, file)
    const tags = text.match(TAG_LIKE)?.length ?? 0
    if (tags === 0) return { guards: [], problems: [] }
    const runBy = testFiles(file)
    const guards = runBy.length === 0 ? [] : guardsIn(file, text)
    const lost = tags - guards.length
    return {
      guards: guards.map((one) => ({ ...one, isFull: one.isFull || runBy.every(isFullFile) })),
      problems:
        lost === 0 ? [] : [`${file}: ${lost} of ${tags} tags do not end the name of a test`],
    }
  })
  return {
    guards: found.flatMap(({ guards }) => guards),
    problems: found.flatMap(({ problems }) => problems),
  }
}
