/** The table "Who may import whom" of docs/architecture.md, against the imports in src. */
import path from 'node:path'
import { DOCUMENT } from './drawn-tree.ts'
import { filesUnder, importsUnder, type Import, type Tree } from './tree.ts'

/** A row: what it is about, `jobs/` or `index.ts`, and what may be imported there. Both may hold a `*`. */
interface Rule {
  room: string
  allowed: string[]
}

/** A cell of the first column may name several rooms. */
function rulesIn(text: string): Rule[] {
  const table = /## Who may import whom\n([\s\S]*?)(\n## |$)/.exec(text)?.[1] ?? ''
  const rows = table.split('\n').filter((line) => line.startsWith('| `'))
  return rows.flatMap((row) => {
    const [, rooms, allowed] = row.split('|')
    return unquoted(rooms).map((room) => ({ room, allowed: unquoted(allowed) }))
  })
}

function unquoted(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '')
}

/** `room/` stands for all that is in it, a `*` for any one name. */
function covers(pattern: string, file: string): boolean {
  const names = file.split('/')
  const wanted = pattern.split('/')
  const isRoom = wanted.at(-1) === ''
  if (isRoom ? names.length < wanted.length : names.length !== wanted.length) return false
  return wanted.every((name, index) => name === '' || name === '*' || name === names[index])
}

/** Of the rows that cover a file the deepest is its own; of two as deep, the one with fewer stars. */
function compare(a: Rule, b: Rule): number {
  const depth = ({ room }: Rule) => room.split('/').filter((name) => name !== '').length
  const stars = ({ room }: Rule) => room.split('*').length
  return depth(b) - depth(a) || stars(a) - stars(b)
}

function ruleOf(rules: Rule[], file: string): Rule | undefined {
  const inside = path.posix.relative('src', file)
  return rules.filter(({ room }) => covers(room, inside)).toSorted(compare)[0]
}

function isAllowed(rule: Rule, { from, to, name }: Import): boolean {
  if (to === undefined) return rule.allowed.includes(name)
  if (path.posix.dirname(to) === path.posix.dirname(from)) return true
  const inside = path.posix.relative('src', to)
  return rule.allowed.some((one) => covers(one, inside))
}

export function importProblems(tree: Tree, text: string): string[] {
  const rules = rulesIn(text)
  const files = filesUnder(tree, 'src')
  const uncovered = files.filter((file) => !ruleOf(rules, file))
  const idle = rules.filter((rule) => !files.some((file) => ruleOf(rules, file) === rule))
  const bad = importsUnder(tree, 'src').flatMap((one) => {
    const rule = ruleOf(rules, one.from)
    if (!rule || isAllowed(rule, one)) return []
    return [`${one.from} imports ${one.name}, which \`${rule.room}\` may not`]
  })
  return [
    ...uncovered.map((file) => `${file}: no row of the import table covers it`),
    ...idle.map(({ room }) => `${DOCUMENT}: no file needs the row of \`${room}\``),
    ...bad,
  ]
}
