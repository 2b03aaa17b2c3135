/** `npm run check:promises`: which tests guard a promise is read from their names, and a wrong tag is found. */
import { expect, test } from 'vitest'
import { findGuards, type Guard } from '../../scripts/lib/guards.ts'
import { promiseProblems, promisesPage } from '../../scripts/lib/promises-page.ts'
import { PROMISES } from '../../scripts/lib/promises-text.ts'
import { plantTree } from '../support/plant-tree.ts'

/** Put together here: in this file a tag would be read as one. */
const tag = (...ids: string[]): string => ` [${ids.join(', ')}]`
const IDS = PROMISES.map(({ id }) => id)

function guard(name: string, promises: string[], isFull = false): Guard {
  return { file: 'test/a.test.ts', name, promises, isFull }
}

test('a tag at the end of a test’s name makes it a guard, in every way to write a test', () => {
  const tree = plantTree({
    'test/a.test.ts': [
      `test('one job starts once${tag('I4')}', async () => {})`,
      `test("a client's repeat starts nothing${tag('I1', 'I4')}", () => {})`,
      `test.each([1, 2])(\n  'after (%s) answers${tag('I2')}',\n  () => {})`,
      `test.each(CASES.map((one) => [one.name]))(\`\${WORD}: $name${tag('I3')}\`, () => {})`,
      `testFull('all of them${tag('I5')}', () => {})`,
      `test('no promise', () => {})`,
    ].join('\n'),
    'test/b.full.test.ts': `test('a storm${tag('I6')}', () => {})`,
  })
  const { guards, problems } = findGuards(tree)
  expect(problems).toEqual([])
  expect(guards.map(({ name, promises, isFull }) => [name, promises.join(), isFull])).toEqual([
    ['one job starts once', 'I4', false],
    ["a client's repeat starts nothing", 'I1,I4', false],
    ['after (%s) answers', 'I2', false],
    ['${WORD}: $name', 'I3', false],
    ['all of them', 'I5', true],
    ['a storm', 'I6', true],
  ])
})

test('a tag that is not the end of the name of a test that runs is a problem', () => {
  const wrong = [
    `test('first${tag('I4')} then more', () => {})`,
    `test('no space[I${4}]', () => {})`,
    `test.skip('not run${tag('I4')}', () => {})`,
    `test.skipIf(isSlow)('not always run${tag('I4')}', () => {})`,
    `describe('several${tag('I4')}', () => {})`,
    `const NAMES = ['in a table${tag('I4')}']`,
    `// a remark${tag('I4')}`,
  ]
  for (const line of wrong) {
    const { guards, problems } = findGuards(plantTree({ 'test/a.test.ts': line }))
    expect(guards, line).toEqual([])
    expect(problems, line).toEqual(['test/a.test.ts: 1 of 1 tags do not end the name of a test'])
  }
})

test('a test in a file that others import runs when one of them does', () => {
  const shared = { 'test/kit/slots.ts': `test('never overdrawn${tag('I1')}', () => {})` }
  const between = { 'test/kit/all.ts': "import { slots } from './slots.ts'\n" }
  const full = { 'test/a.full.test.ts': "import './kit/all.ts'\n" }
  const always = { 'test/a.test.ts': "import './kit/all.ts'\n" }
  const isFull = (files: Record<string, string>) =>
    findGuards(plantTree(files)).guards.map((one) => one.isFull)
  expect(isFull({ ...shared, ...between, ...full })).toEqual([true])
  expect(isFull({ ...shared, ...between, ...full, ...always })).toEqual([false])
  expect(findGuards(plantTree({ ...shared, ...between })).problems).toEqual([
    'test/kit/slots.ts: 1 of 1 tags do not end the name of a test',
  ])
})

test('every promise needs a guard that npm test runs, and a tag needs a promise', () => {
  const tree = plantTree({})
  const all = guard('all', IDS)
  expect(promiseProblems(tree, PROMISES, [all], {})).toEqual([])
  const [first = '', ...others] = IDS
  const guards = [guard('most', others), guard('storm', [first], true), guard('odd', ['I99'])]
  expect(promiseProblems(tree, PROMISES, guards, {})).toEqual([
    'no test of `npm test` guards I1',
    'test/a.test.ts: "odd" names I99, no promise',
  ])
})

test('the page shows each promise with its guards, and figures only from a file that has them', () => {
  const [one] = PROMISES
  const promises = one ? [one] : []
  const guards = [guard('a <b> of *', ['I1']), guard('a storm', ['I1'], true)]
  const page = promisesPage(plantTree({}), promises, guards, {})
  expect(page).toContain(
    `| [${one?.id}](#i1) | ${one?.title} | 1 in \`npm test\`, 1 more in \`npm run test:full\` | not yet | not yet |`
  )
  expect(page).toContain('- `test/a.test.ts`\n  - a \\<b> of \\*\n  - a storm *(full)*\n')
  const tree = plantTree({ 'bench/soak.json': '{ "I1": "0 of 3,000 jobs" }' })
  const evidence = { simulation: 'bench/none.json', soak: 'bench/soak.json' }
  expect(promisesPage(tree, promises, guards, evidence)).toContain('| not yet | 0 of 3,000 jobs |')
  expect(promiseProblems(tree, promises, guards, evidence)).toEqual([
    'bench/none.json has no line for I1',
  ])
})
