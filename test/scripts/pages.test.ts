/** The pages of documentation against the repository: what they name is there. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { anchorsOf, blocksOf, linksOf, PAGES, proseOf, RECORDS, spansOf } from '../support/pages.ts'

const SCRIPTS = Object.keys(
  (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts
)
const OWN = ['ci', 'test', 'start']
const FOLDERS = /^(?:src|test|docs|examples|scripts|simulator|bench)\//
const FILES = /^[\w.-]+\.(?:md|toml|json)$/
/** Files that a reader makes or brings. */
const NOT_HERE = /^(?:secrets|reseal|heygen-endpoints(?:-\w+)?)\.json$/

test('every link of a page leads to a file, and to a heading that is there', () => {
  const broken = PAGES.flatMap((page) =>
    linksOf(proseOf(page))
      .filter((target) => !/^(?:https?|mailto):/.test(target))
      .filter((target) => !isThere(page, target))
      .map((target) => `${page}: ${target}`)
  )
  expect(broken).toEqual([])
})

test('every path that a page names is there', () => {
  const named = PAGES.flatMap((page) =>
    spansOf(proseOf(page))
      .filter((span) => (FOLDERS.test(span) || FILES.test(span)) && !/[<{…\s]|NNNN/.test(span))
      .filter((span) => !NOT_HERE.test(span))
      .map((span) => ({ page, span }))
  )
  expect(named.length).toBeGreaterThan(50)
  const missing = named.filter(({ page, span }) => !isFile(page, span))
  expect(missing).toEqual([])
})

test('every npm script that a page names is there', () => {
  const texts = PAGES.flatMap((page) => [
    ...spansOf(proseOf(page)),
    ...blocksOf(page).map(({ text }) => text),
  ])
  const named = texts.flatMap((text) => [
    ...text.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test|ci)\b)/g),
  ])
  expect(named.length).toBeGreaterThan(10)
  const names = named.map(([, run, own]) => run ?? own ?? '')
  expect(names.filter((name) => !SCRIPTS.includes(name) && !OWN.includes(name))).toEqual([])
})

function isThere(page: string, target: string): boolean {
  const [file = '', anchor] = target.split('#')
  const found = file === '' ? page : path.join(path.dirname(page), file)
  if (!existsSync(found)) return false
  return anchor === undefined || (statSync(found).isFile() && anchorsOf(found).has(anchor))
}

/** A record writes a path that is gone with a remark: `old.ts` (gone), or `old.ts` (now `new.ts`). */
const GONE = /`[^`\n]+` \((?:gone\)|now (?=`))/g

test('every path that a decision or an RFC names is there, unless it says that the path is gone', () => {
  const named = RECORDS.flatMap((page) =>
    spansOf(proseOf(page).replace(GONE, ''))
      .filter((span) => FOLDERS.test(span) || FILES.test(span) || span.endsWith('.ts'))
      .filter((span) => !/[<{…\s]|NNNN/.test(span) && !NOT_HERE.test(span))
      .map((span) => ({ page, span }))
  )
  expect(named.length).toBeGreaterThan(20)
  const missing = named.filter(({ page, span }) => !isFile(page, span))
  expect(missing).toEqual([])
})

/** From the repository's folder on, or from the page's. */
function isFile(page: string, span: string): boolean {
  const from = (folder: string) => globSync(path.join(folder, span)).length > 0
  return from('.') || from(path.dirname(page))
}

test('every test that the page of failures names is there', () => {
  const page = readFileSync('docs/failure-modes.md', 'utf8')
  const names = [...page.matchAll(/^- Test: “(.+)”\.$/gm)].map(([, name]) => name ?? '')
  expect(names.length).toBeGreaterThan(20)
  const texts = globSync('test/**/*.ts').map((file) => readFileSync(file, 'utf8'))
  expect(names.filter((name) => !texts.some((text) => text.includes(name)))).toEqual([])
})
