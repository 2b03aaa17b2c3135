/** One case of each kind of rows.full.test.ts, and what the map itself must be. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerCases, itemCases, refusalCases, rowOf, unplayed, wholeCases } from './cases.ts'
import { ROWS, idleCorrections } from './map/map.ts'
import { SAMPLES } from './samples/index.ts'
import { openScene, type Scene } from './scene.ts'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene.close())

const firstOfEach = <T>(all: T[], kindOf: (one: T) => string): T[] =>
  [...Map.groupBy(all, kindOf).values()].flatMap(([first]) => first ?? [])

test('every row of the map that v3 can serve is played with each member that the map names, and no correction is idle', () => {
  const sampled = new Set(SAMPLES.map((sample) => rowOf(sample).name))
  const served = ROWS.filter((row) => row.v3 || row.answer)
  expect(served.filter((row) => !sampled.has(row.name)).map((row) => row.name)).toEqual([])
  expect(served).toHaveLength(67)
  expect(unplayed()).toEqual([])
  expect(idleCorrections()).toEqual([])
})

test('an older call goes up and comes back as the map says', async () => {
  const cases = firstOfEach(wholeCases(), ({ row }) => row.plan)
  expect(await scene.playAll(cases)).toEqual([])
})

test('a member that the map names goes up as it says', async () => {
  const cases = itemCases().filter(({ row }) => row.name === 'POST /v2/video/generate')
  expect(
    await scene.playAll(firstOfEach(cases, ({ legacy }) => Object.keys(legacy.body ?? {}).join()))
  ).toEqual([])
})

test('a member of the v3 answer comes back as the map says', async () => {
  expect(await scene.playAll(firstOfEach(answerCases(), ({ row }) => row.envelope))).toEqual([])
})

test('a refusal of v3 comes in the words of the older API', async () => {
  const cases = refusalCases().filter(({ row }) => row.name === 'POST /v2/video_translate')
  expect(await scene.playAll(cases.slice(0, 4))).toEqual([])
})
