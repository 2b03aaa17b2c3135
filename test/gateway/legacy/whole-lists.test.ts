/** Older lists without pages are whole: public rows come from a copy that is read a portion at a time, an account's own are read anew. */
import { afterEach, expect, test } from 'vitest'
import { advance, HOUR } from '../../support/clock/clock.ts'
import {
  openCatalogue,
  publicPages,
  type Catalogue,
} from '../../support/scenes/legacy/many-looks.ts'

let close: () => Promise<void> = async () => undefined
afterEach(() => close())

async function open(catalogue: Catalogue) {
  const opened = await openCatalogue(catalogue)
  close = opened.close
  return opened
}

test('a list of 1,200 public looks is whole after two calls, each of which asks at most 20 pages of them and says what is missing', async () => {
  const { list, standIn } = await open({ looks: 1200, own: { alice: 1, bob: 2 } })
  const first = await list()
  expect(first.lost).toBe('avatars after the first 1000')
  expect(first.ids).toHaveLength(1003)
  expect(publicPages({ standIn })).toHaveLength(20)
  expect(standIn.sent.length).toBeLessThanOrEqual(40)

  const second = await list()
  expect(second.lost).toBeNull()
  expect(second.account).toBeNull()
  expect(second.ids.slice(0, 3).toSorted()).toEqual(['alice-0', 'bob-0', 'bob-1'])
  expect(second.ids.slice(3)).toEqual(Array.from({ length: 1200 }, (_, at) => `public-${at}`))
  // One account gave them all.
  expect(publicPages({ standIn })).toHaveLength(24)
  expect(new Set(publicPages({ standIn }).map(({ account }) => account)).size).toBe(1)
})

test('a whole copy asks nothing for six hours, is then read again after the answer, and is not used after a day', async () => {
  const catalogue: Catalogue = { looks: 120, own: { alice: 1 } }
  const { gateway, list, standIn } = await open(catalogue)
  await list()
  catalogue.looks = 130
  catalogue.own = { alice: 2 }
  await advance(gateway, 5 * HOUR)
  // The account's own are read anew.
  expect((await list()).ids).toHaveLength(122)
  expect(publicPages({ standIn })).toHaveLength(3)

  await advance(gateway, 2 * HOUR)
  expect((await list()).ids).toHaveLength(122)
  await expect.poll(() => publicPages({ standIn }).length).toBe(6)
  await expect.poll(async () => (await list()).ids.length).toBe(132)

  catalogue.looks = 140
  await advance(gateway, 25 * HOUR)
  expect((await list()).ids).toHaveLength(142)
})

test('two calls at once do not read the same pages', async () => {
  const { list, standIn } = await open({ looks: 400 })
  const both = await Promise.all([list(), list()])
  expect(both.map(({ ids }) => ids.length)).toEqual([400, 400])
  expect(publicPages({ standIn })).toHaveLength(8)
})

test('own looks of many pages leave the public ones in the list', async () => {
  const { list } = await open({ looks: 60, own: { alice: 2500 } })
  const { ids } = await list()
  expect(ids.filter((id) => id.startsWith('public-'))).toHaveLength(60)
  expect(ids[0]).toBe('alice-0')
})
