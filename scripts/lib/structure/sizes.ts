/** Finds rooms with too many files, and files with too many lines. */
import path from 'node:path'
import { ROOTS } from './circles.ts'
import { filesUnder, read, type Tree } from './tree.ts'

const FILES_MAX = 14
/** Blank lines and comments count, too. */
const LINES_MAX: Record<string, number> = { src: 400, simulator: 400, sim: 400, test: 500 }
/** These files have no limit, because they have one row for each route. */
const ROUTE_TABLE = /^src\/providers\/[^/]+\/routes/

/** Kept plans are data. Each fault that is found may add one. */
const KEPT_PLANS = /^sim\/found\/.*\.json$/

export function roomSizeProblems(tree: Tree): string[] {
  const files = ROOTS.flatMap((root) => filesUnder(tree, root)).filter(
    (file) => !KEPT_PLANS.test(file)
  )
  const rooms = Map.groupBy(files, (file) => path.posix.dirname(file))
  return [...rooms]
    .filter(([, { length }]) => length > FILES_MAX)
    .map(([room, { length }]) => `${room}/ has ${length} files; a room has at most ${FILES_MAX}`)
}

function linesOf(tree: Tree, file: string): number {
  return read(tree, file).split('\n').length - 1
}

export function fileSizeProblems(tree: Tree): string[] {
  return Object.entries(LINES_MAX).flatMap(([root, max]) =>
    filesUnder(tree, root)
      .filter((file) => file.endsWith('.ts') && !ROUTE_TABLE.test(file))
      .map((file) => ({ file, lines: linesOf(tree, file) }))
      .filter(({ lines }) => lines > max)
      .map(({ file, lines }) => `${file} has ${lines} lines; a file of ${root} has at most ${max}`)
  )
}
