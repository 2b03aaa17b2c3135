/** Reads a tree of files and its imports. Paths are relative to the root of the tree, with `/`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The files to check. `root` is the folder of the repository, in a test a temporary folder. */
export interface Tree {
  root: string
  /** `#room/*` → `./src/room/*`, as package.json has it. */
  imports: Record<string, string>
}

export interface Import {
  from: string
  /** The name as the import writes it. */
  name: string
  /** The imported file, relative to the root. Undefined: a package. */
  to: string | undefined
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, and `import('x')` of a type or at run time. */
const IMPORT =
  /^(?:import|export)\s[^'"`]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm

export function openTree(root: string): Tree {
  const file = path.join(root, 'package.json')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '{}'
  const { imports = {} } = JSON.parse(text) as { imports?: Record<string, string> }
  return { root, imports }
}

export function read({ root }: Tree, file: string): string {
  return readFileSync(path.join(root, file), 'utf8')
}

/** Sorted, without installed and hidden files. */
export function filesUnder(tree: Tree, folder: string): string[] {
  const at = path.join(tree.root, folder)
  if (!existsSync(at)) return []
  return readdirSync(at, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && !name.startsWith('.'))
    .flatMap((one) => {
      const inside = path.posix.join(folder, one.name)
      return one.isDirectory() ? filesUnder(tree, inside) : [inside]
    })
    .toSorted()
}

export function importsUnder(tree: Tree, folder: string): Import[] {
  const files = filesUnder(tree, folder).filter((file) => file.endsWith('.ts'))
  return files.flatMap((from) =>
    [...read(tree, from).matchAll(IMPORT)].map((found) => {
      const name = found[1] ?? found[2] ?? found[3] ?? ''
      return { from, name, to: target(tree, from, name) }
    })
  )
}

function target({ imports }: Tree, from: string, name: string): string | undefined {
  if (name.startsWith('.')) return path.posix.join(path.posix.dirname(from), name)
  const pattern = Object.keys(imports).find((key) => key === name || isMatch(key, name))
  if (pattern === undefined) return undefined
  const place = path.posix.normalize(imports[pattern] ?? '')
  return place.replace('*', name.slice(pattern.indexOf('*')))
}

function isMatch(pattern: string, name: string): boolean {
  return pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1))
}
