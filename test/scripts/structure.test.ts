/** `npm run check:structure`: each kind of breach is found in a small tree that has it, and none in one that has not. */
import { expect, test } from 'vitest'
import { circleProblems } from '../../scripts/lib/structure/circles.ts'
import { treeProblems } from '../../scripts/lib/structure/drawn-tree.ts'
import { globalProblems } from '../../scripts/lib/structure/globals.ts'
import { glossaryProblems } from '../../scripts/lib/structure/glossary.ts'
import { importProblems } from '../../scripts/lib/structure/import-table.ts'
import { providerNameProblems } from '../../scripts/lib/structure/provider-names.ts'
import { fileSizeProblems, roomSizeProblems } from '../../scripts/lib/structure/sizes.ts'
import { plantTree as plant } from '../support/plant-tree.ts'

function table(...rows: [room: string, allowed: string][]): string {
  const lines = rows.map(([room, allowed]) => `| ${room} | ${allowed} |`)
  return ['## Who may import whom', '', '| room | may import |', '| --- | --- |', ...lines].join(
    '\n'
  )
}

const DRAWN = `\`\`\`tree
src/
  index.ts        the entry
  flows/          the verbs
    jobs/
      start.ts    a job starts
\`\`\``

test('the drawn tree is the tree there is, rooms in rooms included', () => {
  const files = { 'src/index.ts': '', 'src/flows/jobs/start.ts': '' }
  expect(treeProblems(plant(files), DRAWN)).toEqual([])
  expect(treeProblems(plant({ ...files, 'src/flows/jobs/end.ts': '' }), DRAWN)).toEqual([
    'docs/architecture.md does not draw src/flows/jobs/end.ts',
  ])
  expect(treeProblems(plant({ 'src/index.ts': '' }), DRAWN)).toEqual([
    'docs/architecture.md draws src/flows/jobs/start.ts, which is not there',
  ])
  const twice = DRAWN.replace('  flows/', '  index.ts        again\n  flows/')
  expect(treeProblems(plant(files), twice)).toEqual([
    'docs/architecture.md draws src/index.ts twice',
  ])
})

test('a file imports only what the row of its room allows', () => {
  const tree = plant({
    'src/flows/jobs/start.ts': "import { a } from '#domain/jobs/lease.ts'\nimport './end.ts'\n",
    'src/flows/jobs/end.ts':
      "import {\n  b,\n} from '../lists/merge.ts'\nimport { Hono } from 'hono'\n",
    'src/flows/lists/merge.ts': "export type C = import('#domain/jobs/lease.ts').C\n",
    'src/domain/jobs/lease.ts': 'export const a = 1\n',
  })
  const open = table(['`flows/`', '`domain/`, `flows/lists/`, `hono`'], ['`domain/`', 'nothing'])
  expect(importProblems(tree, open)).toEqual([])
  const strict = table(['`flows/`', 'nothing'], ['`domain/`', 'nothing'])
  expect(importProblems(tree, strict)).toEqual([
    'src/flows/jobs/end.ts imports ../lists/merge.ts, which `flows/` may not',
    'src/flows/jobs/end.ts imports hono, which `flows/` may not',
    'src/flows/jobs/start.ts imports #domain/jobs/lease.ts, which `flows/` may not',
    'src/flows/lists/merge.ts imports #domain/jobs/lease.ts, which `flows/` may not',
  ])
})

test('the most specific row is a file’s own: the deeper one, then the one with fewer stars', () => {
  const tree = plant({
    'src/flows/jobs/start.ts': "import '#domain/jobs/lease.ts'\n",
    'src/flows/lists/merge.ts': "import '#domain/jobs/lease.ts'\n",
    'src/flows/call.ts': "import '#domain/jobs/lease.ts'\n",
    'src/domain/jobs/lease.ts': '',
  })
  const rows = table(
    ['`flows/a-very-long-name-of-no-room/`, `flows/`', '`domain/`'],
    ['`flows/*/`', 'nothing'],
    ['`flows/jobs/`', '`domain/*/lease.ts`'],
    ['`domain/`', 'nothing']
  )
  expect(importProblems(tree, rows)).toEqual([
    'docs/architecture.md: no file needs the row of `flows/a-very-long-name-of-no-room/`',
    'src/flows/lists/merge.ts imports #domain/jobs/lease.ts, which `flows/*/` may not',
  ])
})

test('a row allows nothing that its room does not import', () => {
  const tree = plant({
    'src/flows/jobs/start.ts': "import '#domain/lease.ts'\nimport './end.ts'\n",
    'src/domain/lease.ts': '',
  })
  const rows = table(['`flows/`', '`domain/`, `flows/jobs/`, `zod`'], ['`domain/`', 'nothing'])
  expect(importProblems(tree, rows)).toEqual([
    'docs/architecture.md: `flows/` may import `flows/jobs/` and does not',
    'docs/architecture.md: `flows/` may import `zod` and does not',
  ])
})

test('a file that no row covers is a breach', () => {
  const tree = plant({ 'src/zod.ts': '', 'src/domain/lease.ts': '' })
  expect(importProblems(tree, table(['`domain/`', 'nothing']))).toEqual([
    'src/zod.ts: no row of the import table covers it',
  ])
})

test('a circle between rooms is found, with an import for each arrow, types included', () => {
  const tree = plant({
    'src/flows/jobs/start.ts': "import '#flows/events/deliver.ts'\nimport '#domain/lease.ts'\n",
    'src/flows/events/deliver.ts': "import type { A } from '../lists/merge.ts'\n",
    'src/flows/lists/merge.ts': "export type { A } from '#flows/jobs/start.ts'\n",
    'src/domain/lease.ts': '',
  })
  expect(circleProblems(tree)).toEqual([
    [
      'a circle between rooms: src/flows/events/, src/flows/jobs/, src/flows/lists/',
      '  src/flows/events/ → src/flows/lists/ (src/flows/events/deliver.ts imports ../lists/merge.ts)',
      '  src/flows/jobs/ → src/flows/events/ (src/flows/jobs/start.ts imports #flows/events/deliver.ts)',
      '  src/flows/lists/ → src/flows/jobs/ (src/flows/lists/merge.ts imports #flows/jobs/start.ts)',
    ].join('\n'),
  ])
})

test('a room and a room in it make a circle; its index.ts, which puts them together, does not', () => {
  const inner = { 'simulator/kling/app.ts': "import '../types.ts'\n", 'simulator/types.ts': '' }
  expect(
    circleProblems(plant({ ...inner, 'simulator/index.ts': "import './kling/app.ts'" }))
  ).toEqual([])
  const [circle] = circleProblems(
    plant({ ...inner, 'simulator/app.ts': "import './kling/app.ts'" })
  )
  expect(circle).toContain('a circle between rooms: simulator/, simulator/kling/\n')
})

test('two circles that do not touch are told apart, and arrows into other trees do not count', () => {
  const pair = (root: string) => ({
    [`${root}/a/one.ts`]: "import '../b/two.ts'\nimport '../../scripts/run.ts'\n",
    [`${root}/b/two.ts`]: "import '../a/one.ts'\n",
  })
  const tree = plant({
    ...pair('test/x'),
    ...pair('test/y'),
    'scripts/run.ts': "import '../test/x/a/one.ts'",
  })
  expect(circleProblems(tree).map((text) => text.split('\n')[0])).toEqual([
    'a circle between rooms: test/x/a/, test/x/b/',
    'a circle between rooms: test/y/a/, test/y/b/',
  ])
})

test('a room has at most fourteen files, those of rooms in it and installed ones not counted', () => {
  const files = (folder: string, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`${folder}/${n}.ts`, '']))
  const full = {
    ...files('src/flows', 14),
    ...files('src/flows/jobs', 14),
    ...files('test/clients/node_modules/x', 15),
  }
  expect(roomSizeProblems(plant(full))).toEqual([])
  expect(roomSizeProblems(plant({ ...full, 'src/flows/notes.json': '' }))).toEqual([
    'src/flows/ has 15 files; a room has at most 14',
  ])
  expect(roomSizeProblems(plant({ ...files('test/a', 15), ...files('simulator', 15) }))).toEqual([
    'simulator/ has 15 files; a room has at most 14',
    'test/a/ has 15 files; a room has at most 14',
  ])
})

test('a file has at most 400 lines, a test 500, route tables as many as they have routes', () => {
  const lines = (count: number) => '// blank and comment lines count\n'.repeat(count)
  const tree = plant({
    'src/providers/heygen/routes-v3.ts': lines(900),
    'src/providers/heygen/routes/v3.ts': lines(900),
    'src/flows/start.ts': lines(400),
    'src/flows/end.ts': lines(401),
    'simulator/media.ts': lines(401),
    'simulator/catalogue.json': lines(900),
    'test/a.test.ts': lines(500),
    'test/b.test.ts': lines(501),
  })
  expect(fileSizeProblems(tree)).toEqual([
    'src/flows/end.ts has 401 lines; a file of src has at most 400',
    'simulator/media.ts has 401 lines; a file of simulator has at most 400',
    'test/b.test.ts has 501 lines; a file of test has at most 500',
  ])
})

test('a provider is named in its folder and in the excepted files alone', () => {
  const tree = plant({
    'src/providers/heygen/index.ts': '// HeyGen',
    'src/providers/kling/index.ts': '// Kling, as HeyGen',
    'src/providers/contract/routes.ts': '// any provider',
    'src/providers/index.ts': '// HeyGen and Kling',
    'src/domain/headers.ts': '// HeyGen',
    'src/domain/kling-lease.ts': '// heygen-gateway, contract',
  })
  const exceptions = { all: ['src/providers/index.ts'], heygen: ['src/domain/headers.ts'] }
  expect(providerNameProblems(tree, exceptions)).toEqual([
    'src/providers/kling/index.ts knows the provider heygen by name',
    'src/domain/kling-lease.ts knows the provider kling by name',
  ])
  expect(providerNameProblems(plant({}), { all: ['src/gone.ts'] })).toEqual([
    'src/gone.ts may name a provider and is not there',
  ])
})

test('the glossary explains words of the code, each once', () => {
  const tree = plant({ 'src/domain/incoming-event.ts': 'interface PageToken {}\n// a lease\n' })
  const page = (...terms: string[]) =>
    ['| term | meaning |', '| --- | --- |', ...terms.map((term) => `| ${term} | text |`)].join('\n')
  expect(glossaryProblems(tree, page('incoming event', 'page token', 'lease'))).toEqual([])
  expect(glossaryProblems(tree, page('lease', 'outlet', 'ease', 'lease'))).toEqual([
    'docs/glossary.md explains "outlet", which src does not use',
    'docs/glossary.md explains "ease", which src does not use',
    'docs/glossary.md explains "lease" twice',
  ])
  expect(glossaryProblems(tree, '# Words')).toEqual(['docs/glossary.md has no terms'])
})

test('a clock, randomness and a timer are taken from Ports, and from the platform in one file alone', () => {
  const globals = [
    'Date.now',
    'new Date()',
    'Math.random',
    'performance.now',
    'crypto.getRandomValues',
    'crypto.randomUUID',
    'setTimeout',
    'clearInterval',
    'scheduler.wait',
    'AbortSignal.timeout',
  ]
  const allowed = [
    'new Date(ms)',
    'crypto.subtle',
    'AbortSignal.any',
    'ports.setTimeoutAt',
    "'Date.now'",
    '"setTimeout"',
    '/* Date.now */',
    '// setTimeout',
  ]
  const tree = plant({
    'src/composition/platform.ts': globals.join('\n'),
    'src/flows/clean.ts': allowed.join('\n'),
    'src/flows/start.ts': [...globals, ...globals].join('\n'),
  })
  expect(globalProblems(tree)).toEqual(
    globals.map(
      (name) =>
        `src/flows/start.ts takes ${name} directly: time, randomness and timers come from Ports (src/domain/ports/platform.ts)`
    )
  )
})
