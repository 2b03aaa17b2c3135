/**
 * Holds docs/architecture.md against the code: the tree it draws against the files there are, its import table against
 * the imports, and that no provider is known by name outside its folder. Fails with one line for each difference.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const DOCUMENT = 'docs/architecture.md'

/** Where every provider stands by name. */
const PROVIDER_LISTS = ['src/providers/index.ts', 'src/domain/runtime/settings.ts']
/** Headers: HeyGen's signature is one of the two that every delivery carries, and some of its own go up. */
const MAY_NAME: Record<string, string[]> = {
  heygen: [
    'src/domain/text/headers.ts',
    'src/domain/events/signatures.ts',
    'src/flows/events/deliver.ts',
  ],
}
const OUR_OWN_NAME = 'heygen-gateway'

interface Rule {
  room: string
  allowed: string[]
}

function filesUnder(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((one) => one.isFile()).map((one) => path.join(one.parentPath, one.name))
}

/** The block fenced as ```tree: two spaces a level, the name first on the line. */
function drawnFiles(text: string): string[] {
  const block = /```tree\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  const parents: string[] = []
  return block.split('\n').flatMap((line) => {
    const [, indent, name] = /^( *)(\S+)/.exec(line) ?? []
    if (indent === undefined || name === undefined) return []
    const depth = indent.length / 2
    parents.length = depth
    if (!name.endsWith('/')) return [[...parents, name].join('')]
    parents.push(name)
    return []
  })
}

/** Rows `| room | may import |` of the table under "Who may import whom". */
function rulesIn(text: string): Rule[] {
  const table = /## Who may import whom\n([\s\S]*?)(\n## |$)/.exec(text)?.[1] ?? ''
  const rows = table.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) => {
    const [, room, allowed] = row.split('|').map((cell) => cell.trim())
    return { room: unquoted(room)[0] ?? '', allowed: unquoted(allowed) }
  })
}

function unquoted(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '')
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/(?:from|import) '([^']+)'/g)].map(([, name]) => name ?? '')
}

/** `#room/file.ts` stays as it is; `../x` becomes its path below src; a package keeps its name. */
function target(file: string, name: string): string {
  if (name.startsWith('./') || name.startsWith('../')) {
    return path.relative('src', path.join(path.dirname(file), name))
  }
  return name.replace(/^#/, '')
}

/** `room/` stands for all that is in it, a `*` for any one name. */
function covers(pattern: string, file: string): boolean {
  const names = file.split('/')
  const wanted = pattern.split('/')
  const isRoom = wanted.at(-1) === ''
  if (isRoom ? names.length < wanted.length : names.length !== wanted.length) return false
  return wanted.every((name, index) => name === '' || name === '*' || name === names[index])
}

function isAllowed(rule: Rule, file: string, name: string): boolean {
  const to = target(file, name)
  if (path.dirname(to) === path.dirname(path.relative('src', file))) return true
  return rule.allowed.some((one) => covers(one, to))
}

function breaches(rules: Rule[]): string[] {
  return filesUnder('src').flatMap((file) => {
    const inside = path.relative('src', file)
    const matching = rules.filter(({ room }) => covers(room, inside))
    const rule = matching.toSorted((a, b) => b.room.length - a.room.length)[0]
    if (!rule) return [`${file}: no row of the import table covers it`]
    const bad = importsOf(file).filter((name) => !isAllowed(rule, file, name))
    return bad.map((name) => `${file} imports ${name}, which \`${rule.room}\` may not`)
  })
}

function treeDifferences(drawn: string[], real: string[]): string[] {
  const missing = real
    .filter((file) => !drawn.includes(file))
    .map((file) => `${DOCUMENT} does not draw ${file}`)
  const extra = drawn
    .filter((file) => !real.includes(file))
    .map((file) => `${DOCUMENT} draws ${file}, which is not there`)
  return [...missing, ...extra]
}

function namesOutside(): string[] {
  const folders = readdirSync('src/providers')
  const providers = folders.filter((name) => existsSync(`src/providers/${name}/index.ts`))
  return providers.flatMap((name) => {
    const mayName = [...PROVIDER_LISTS, ...(MAY_NAME[name] ?? [])]
    const others = filesUnder('src').filter(
      (file) => !file.startsWith(`src/providers/${name}/`) && !mayName.includes(file)
    )
    const knowing = others.filter((file) => {
      const text = `${file}\n${readFileSync(file, 'utf8')}`.toLowerCase()
      return text.replaceAll(OUR_OWN_NAME, '').includes(name)
    })
    return knowing.map((file) => `${file} knows the provider ${name} by name`)
  })
}

const text = readFileSync(DOCUMENT, 'utf8')
const problems = [
  ...treeDifferences(drawnFiles(text), filesUnder('src')),
  ...breaches(rulesIn(text)),
  ...namesOutside(),
]
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
