/** Compares the table "Who may import whom" of docs/architecture.md with the imports in src. */
import path from 'node:path'
import { DOCUMENT } from './drawn-tree.ts'
import { filesUnder, importsUnder, type Import, type Tree } from './tree.ts'

/** A row of the table: a room or file, for example `jobs/` or `index.ts`, and what it may import. Both may contain a `*`. */
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

/** Among the rows that cover a file, the deepest one counts. Of two equally deep rows, the one with fewer stars counts. */
function compare(a: Rule, b: Rule): number {
  const depth = ({ room }: Rule) => room.split('/').filter((name) => name !== '').length
  const stars = ({ room }: Rule) => room.split('*').length
  return depth(b) - depth(a) || stars(a) - stars(b)
}

function ruleOf(rules: Rule[], file: string): Rule | undefined {
  const inside = path.posix.relative('src', file)
  return rules.filter(({ room }) => covers(room, inside)).toSorted(compare)[0]
}

/** Whether the import needs this entry of the row. */
function needs(allowed: string, { from, to, name }: Import): boolean {
  if (to === undefined) return allowed === name
  return !isInside(from, to) && covers(allowed, path.posix.relative('src', to))
}

function isInside(from: string, to: string): boolean {
  return path.posix.dirname(to) === path.posix.dirname(from)
}

function isAllowed(rule: Rule, one: Import): boolean {
  if (one.to !== undefined && isInside(one.from, one.to)) return true
  return rule.allowed.some((name) => needs(name, one))
}

/** Entries of a row that none of its files needs. */
function unused({ room, allowed }: Rule, imports: Import[]): string[] {
  const idle = allowed.filter((name) => !imports.some((one) => needs(name, one)))
  return idle.map((name) => `${DOCUMENT}: \`${room}\` may import \`${name}\` and does not`)
}

function breaches(rule: Rule, imports: Import[]): string[] {
  const bad = imports.filter((one) => !isAllowed(rule, one))
  return bad.map(({ from, name }) => `${from} imports ${name}, which \`${rule.room}\` may not`)
}

export function importProblems(tree: Tree, text: string): string[] {
  const rules = rulesIn(text)
  const files = Map.groupBy(filesUnder(tree, 'src'), (file) => ruleOf(rules, file))
  const imports = Map.groupBy(importsUnder(tree, 'src'), ({ from }) => ruleOf(rules, from))
  return [
    ...(files.get(undefined) ?? []).map((file) => `${file}: no row of the import table covers it`),
    ...rules.flatMap((rule) => {
      if (!files.has(rule)) return [`${DOCUMENT}: no file needs the row of \`${rule.room}\``]
      const made = imports.get(rule) ?? []
      return [...breaches(rule, made), ...unused(rule, made)]
    }),
  ]
}
