/** Which lines of `src` were reached, from what V8 counts. */
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import type { Profiler } from 'node:inspector'
import { pathToFileURL } from 'node:url'

export interface ReachedFile {
  /** From the root of the repository. */
  file: string
  /** Numbers of lines with code, from 1. Types, comments, and lines with brackets only are none. */
  lines: number[]
  reached: number[]
}

export function reachedIn(
  root: string,
  scripts: readonly Profiler.ScriptCoverage[]
): ReachedFile[] {
  const base = pathToFileURL(`${root}/`).href
  return scripts
    .filter(({ url }) => url.startsWith(`${base}src/`) && url.endsWith('.ts'))
    .map((script) => reachedInFile(root, script.url.slice(base.length), script.functions))
}

/** Node takes types out by writing blanks over them, so V8's offsets are those of the source. */
function reachedInFile(
  root: string,
  file: string,
  functions: readonly Profiler.FunctionCoverage[]
): ReachedFile {
  const text = stripTypeScriptTypes(readFileSync(`${root}/${file}`, 'utf8'))
  const isReached = new Uint8Array(text.length).fill(1)
  // A block stands within its function or its block, so the inner one counts if it comes later.
  const ranges = functions
    .flatMap((one) => one.ranges)
    .toSorted((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
  for (const { startOffset, endOffset, count } of ranges)
    isReached.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  const lines: number[] = []
  const reached: number[] = []
  let at = 0
  for (const [n, line] of text.split('\n').entries()) {
    if (isCode(line)) {
      lines.push(n + 1)
      const first = at + line.search(/\S/)
      if (isReached[first] === 1) reached.push(n + 1)
    }
    at += line.length + 1
  }
  return { file, lines, reached }
}

function isCode(line: string): boolean {
  return /\w/.test(line) && !/^\s*(?:\/\/|\/?\*)/.test(line)
}

/** Joins what several processes have reached. */
export function joinReached(all: readonly ReachedFile[]): ReachedFile[] {
  const joined = new Map<string, ReachedFile>()
  for (const one of all) {
    const known = joined.get(one.file)
    const reached = [...new Set([...(known?.reached ?? []), ...one.reached])]
    joined.set(one.file, { ...one, reached: reached.toSorted((a, b) => a - b) })
  }
  return [...joined.values()].toSorted((a, b) => (a.file < b.file ? -1 : 1))
}

/** Sentences: of each folder of `src`, how much was reached. `isLong`: also of each file. */
export function reachedTexts(files: readonly ReachedFile[], isLong: boolean): string[] {
  const folders = ['flows', 'domain', 'durable', 'http', 'providers', 'storage']
  const share = (of: readonly ReachedFile[]) => {
    const all = of.reduce((sum, { lines }) => sum + lines.length, 0)
    const reached = of.reduce((sum, one) => sum + one.reached.length, 0)
    return `${((100 * reached) / Math.max(1, all)).toFixed(1)} % of ${all} lines`
  }
  const inFolder = (folder: string) => files.filter(({ file }) => file.startsWith(`src/${folder}/`))
  const main = folders.slice(0, 3).flatMap(inFolder)
  return [
    ...(isLong ? main.map((one) => `${one.file}: ${share([one])}`) : []),
    ...folders.map((folder) => `reached of src/${folder}: ${share(inFolder(folder))}`),
    `reached of flows, domain and durable: ${share(main)}`,
  ]
}
