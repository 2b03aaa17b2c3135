/** Finds code of src that reads a clock, takes randomness or starts a timer without Ports, so that no test could move it. */
import { filesUnder, read, type Tree } from './tree.ts'

const PLATFORM = 'src/composition/platform.ts'

const COMMENT_OR_TEXT = /\/\/.*|\/\*[^]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g

/** `new Date(ms)`, `crypto.subtle` and `AbortSignal.any` are allowed: they read no clock and are not random. */
const GLOBAL =
  /\b(?:Date\.now|new Date\(\)|Math\.random|performance\.now|crypto\.(?:getRandomValues|randomUUID)|(?:set|clear)(?:Timeout|Interval)|scheduler\.wait|AbortSignal\.timeout)(?!\w)/g

export function globalProblems(tree: Tree): string[] {
  const files = filesUnder(tree, 'src').filter((file) => file.endsWith('.ts') && file !== PLATFORM)
  return files.flatMap((file) => {
    const found = read(tree, file).replace(COMMENT_OR_TEXT, '').match(GLOBAL) ?? []
    return [...new Set(found)].map(
      (name) =>
        `${file} takes ${name} directly: time, randomness and timers come from Ports (src/domain/ports/platform.ts)`
    )
  })
}
