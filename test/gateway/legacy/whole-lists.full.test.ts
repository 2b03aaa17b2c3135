/** More of whole-lists.test.ts. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { CLOCKED } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'
import type { Sent } from '../../support/stand-in.ts'
import {
  listAvatars,
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

test('a list of 3,000 public looks is whole after three calls, each of which asks at most 20 pages of them and says what is missing', async () => {
  const { list, standIn } = await open({ looks: 3000, own: { alice: 1, bob: 2 } })
  const first = await list()
  expect(first.lost).toBe('avatars after the first 1000')
  expect(first.ids).toHaveLength(1003)
  expect(publicPages({ standIn })).toHaveLength(20)
  expect(standIn.sent.length).toBeLessThanOrEqual(40)

  expect((await list()).lost).toBe('avatars after the first 2000')
  const third = await list()
  expect(third.lost).toBeNull()
  expect(third.account).toBeNull()
  expect(third.ids.slice(0, 3).toSorted()).toEqual(['alice-0', 'bob-0', 'bob-1'])
  expect(third.ids.slice(3)).toEqual(Array.from({ length: 3000 }, (_, at) => `public-${at}`))
  // One account gave them all.
  expect(publicPages({ standIn })).toHaveLength(60)
  expect(new Set(publicPages({ standIn }).map(({ account }) => account)).size).toBe(1)
})

test('an account that stops answering in the middle costs no row: another account is read from its start', async () => {
  let isDown = false
  const refused = ({ account, path }: Sent) =>
    isDown && account === 'alice' && path.includes('ownership=public')
  const { list, standIn } = await open({ looks: 1100, refused })
  expect((await list()).lost).toBe('avatars after the first 1000')
  const [{ account = '' } = {}] = publicPages({ standIn })
  expect(account).toBe('alice')
  isDown = true
  expect((await list()).ids.length).toBeGreaterThanOrEqual(900)
  const last = await list()
  expect(last.lost).toBeNull()
  expect(last.ids).toEqual(Array.from({ length: 1100 }, (_, at) => `public-${at}`))
})

test('no account gives the list: the call is refused in the older words', async () => {
  const { gateway } = await open({ looks: 10, refused: ({ path }) => path.includes('public') })
  const answer = await gateway.fetch('/heygen/v2/avatars')
  expect(answer.status).toBe(500)
  expect(await answer.json()).toMatchObject({ data: null, error: { code: 'internal_error' } })
})

test('a copy outlives the isolate that read it, and nobody but its tenant sees it', async () => {
  const persist = await mkdtemp(join(tmpdir(), 'whole-lists-'))
  const first = await openCatalogue({ looks: 120 }, { persist })
  const { standIn } = first
  expect((await first.list()).ids).toHaveLength(120)
  await first.gateway.dispose()

  const simulator = first.gateway.sim
  const gateway = await openGateway({
    persist,
    simulator,
    vars: { LEGACY: 'bridge' },
    entry: CLOCKED,
  })
  close = async () => {
    await gateway.dispose()
    await first.standIn.close()
    await rm(persist, { recursive: true })
  }
  const before = publicPages({ standIn }).length
  expect((await listAvatars(gateway.as(first.gateway.token))).ids).toHaveLength(120)
  expect(publicPages({ standIn })).toHaveLength(before)

  await gateway.addAccount('carol', 2)
  expect((await listAvatars(gateway)).ids).toHaveLength(120)
  expect(publicPages({ standIn })).toHaveLength(before + 3)
})
