/** Each row of the older API that has a counterpart in v3: what goes up and what comes back is what the map says, item by item. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerCases, itemCases, refusalCases, wholeCases, type Case } from './cases.ts'
import { openScene, type Scene } from './scene.ts'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene.close())

const KINDS: [string, Case[]][] = [
  ['its samples go up and come back as the map says', wholeCases()],
  ['each member that it maps does, alone', itemCases()],
  ['each member of the v3 answer comes back as the map says', answerCases()],
  ['each refusal of v3 comes in the older words', refusalCases()],
]

for (const [kind, cases] of KINDS)
  describe(kind, () => {
    for (const [name, own] of Map.groupBy(cases, ({ row }) => row.name))
      test(`${name} (${own.length})`, async () => {
        expect(await scene.playAll(own)).toEqual([])
      })
  })

test('where the operator allows Avatar IV and 4k, they are asked for as the map says', async () => {
  const open = await openScene({ LEGACY_ENGINE: 'allow_iv', LEGACY_4K: 'allow' })
  try {
    const makesVideo = /video.generate|video\/generate|video.webm/
    const cases = itemCases().filter(({ row }) => makesVideo.test(row.path))
    expect(await open.playAll(cases)).toEqual([])
  } finally {
    await open.close()
  }
})
