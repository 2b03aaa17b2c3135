/** Compares the tree that docs/architecture.md draws with the files that exist. */
import { filesUnder, type Tree } from './tree.ts'

export const DOCUMENT = 'docs/architecture.md'

/** The block fenced as ```tree: two spaces a level, the name first on the line. */
function drawnFiles(text: string): string[] {
  const block = /```tree\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  const parents: string[] = []
  return block.split('\n').flatMap((line) => {
    const [, indent, name] = /^( *)(\S+)/.exec(line) ?? []
    if (indent === undefined || name === undefined) return []
    parents.length = indent.length / 2
    if (!name.endsWith('/')) return [[...parents, name].join('')]
    parents.push(name)
    return []
  })
}

export function treeProblems(tree: Tree, text: string): string[] {
  const drawn = drawnFiles(text)
  const real = filesUnder(tree, 'src')
  const missing = real.filter((file) => !drawn.includes(file))
  const extra = drawn.filter((file) => !real.includes(file))
  const twice = drawn.filter((file, index) => drawn.indexOf(file) !== index)
  return [
    ...missing.map((file) => `${DOCUMENT} does not draw ${file}`),
    ...extra.map((file) => `${DOCUMENT} draws ${file}, which is not there`),
    ...twice.map((file) => `${DOCUMENT} draws ${file} twice`),
  ]
}
