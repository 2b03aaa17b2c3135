/**
 * Every route of the gateway's own and one row of each family of the providers', called by every kind of caller. The kept table
 * (kept.md) is what a reviewer reads: `npm run matrix` writes it anew. `npm test` makes some rows of each kind.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { isFull, oneOfEach } from '../support/full.ts'
import { dropInRows, oddRows } from './drop-in-rows.ts'
import { nowhereRows, ownRows, routesOfRouter } from './own-rows.ts'
import type { Section } from './rows.ts'
import { fill, printed, type Filled } from './table.ts'
import { openWorld } from './world.ts'

const KEPT = new URL('kept.md', import.meta.url)

/** Where a path begins, whether it names a thing, and whether the call changes something. */
function kindOf({ name, changes }: { name: string; changes: boolean }): string {
  const [, path = ''] = name.split(' ')
  const [, first, second] = path.split('/')
  return [
    first,
    first === 'v1' || first === 'heygen' ? second : '',
    path.includes('{'),
    changes,
  ].join(' ')
}

const sample = (sections: Section[]): Section[] =>
  sections.map(({ title, rows }) => ({ title, rows: oneOfEach(rows, kindOf) }))

const routes = await routesOfRouter()
const world = await openWorld()
afterAll(() => world.dispose())
const { filled, faults } = await fill(
  world,
  sample([
    { title: 'Our own paths', rows: ownRows(world, routes) },
    { title: 'Our own paths: what is not there', rows: nowhereRows() },
    {
      title: 'HeyGen’s paths',
      rows: dropInRows(world, (_, provider) => provider === 'heygen'),
    },
    { title: 'Kling’s paths', rows: dropInRows(world, (_, provider) => provider === 'kling') },
    { title: 'Providers’ paths without a row, at the root, and for browsers', rows: oddRows() },
  ])
)
if (isFull) await addCarried()
const table = printed(filled, world)
if (process.env['UPDATE_MATRIX'] === '1') {
  if (!isFull) throw new Error('only the whole matrix is kept: FULL=1')
  writeFileSync(KEPT, table)
  console.log(table)
}
const kept = readFileSync(KEPT, 'utf8')

async function addCarried(): Promise<void> {
  const bridged = await openWorld({ LEGACY: 'bridge' })
  const rows = dropInRows(
    bridged,
    ({ path }, provider) => provider === 'heygen' && !path.startsWith('/v3')
  )
  const title = 'HeyGen’s older paths, carried (LEGACY = bridge)'
  const carried = await fill(bridged, [{ title, rows }])
  filled.push(...carried.filled)
  faults.reached.push(...carried.faults.reached)
  faults.wrong.push(...carried.faults.wrong)
  await bridged.dispose()
}

/** Each line of the tables without the spaces that only align it, under the title of its table. Not the heads. */
function linesOf(text: string): string[] {
  let title = ''
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) title = line
    if (!line.startsWith('| ') || title === '' || /^\| (call |-)/.test(line)) return []
    return [`${title} ${line.replaceAll(/ +/g, ' ')}`]
  })
}

test('the kept table has every route of the running router and no other, for at least 13 kinds of callers', () => {
  const own = kept.split('\n## ').find((section) => section.startsWith('Our own paths\n')) ?? ''
  const names = own.split('\n').flatMap((line) => /^\| ([A-Z]+ \/\S*) /.exec(line)?.[1] ?? [])
  expect(names.toSorted()).toEqual(routes.toSorted())
  const callers = [...world.refused, ...world.known].map(({ name }) => name)
  expect(callers.length).toBeGreaterThanOrEqual(13)
  const [head = ''] = own.split('\n').filter((line) => line.startsWith('| call '))
  expect(
    head
      .split('|')
      .slice(2, -1)
      .map((cell) => cell.trim())
  ).toEqual(callers)
})

test('each caller is answered on each path as the kept table says', () => {
  const made: Filled[] = filled
  expect(made.flatMap(({ lines }) => lines).length).toBeGreaterThan(50)
  const known = new Set(linesOf(kept))
  expect(linesOf(table).filter((line) => !known.has(line))).toEqual([])
  if (isFull) expect(linesOf(table).toSorted()).toEqual([...known].toSorted())
})

test('nobody who is let in nowhere causes a call to a provider [I4]', () => {
  expect(faults.reached).toEqual([])
})

test('no caller reads what is not its own, a secret or a text of the code [I5]', () => {
  expect(faults.wrong).toEqual([])
})
