/** Bodies and refusals of the line are re-sealed with the first key, some in each step. */
import { expect, test } from 'vitest'
import { PlayedDesk } from '../../support/queue/desk-line.ts'

/** Notes what it was given, and re-seals what is not sealed with `k2` already. */
class PlayedResealer {
  seen: string[] = []
  async text(what: string, identity: string, sealed: string | undefined) {
    if (sealed === undefined || sealed.startsWith('k2')) return undefined
    this.seen.push(`${what} ${identity}`)
    return `k2${sealed.slice(2)}`
  }
}

async function passOver(desk: PlayedDesk, resealer: PlayedResealer): Promise<number> {
  let [after, steps]: [string | undefined, number] = ['', 0]
  while (after !== undefined) {
    after = (await desk.line.reseal(resealer, after)).after
    steps += 1
  }
  return steps
}

test('a pass re-seals every body and refusal of the line, and a second pass finds nothing', async () => {
  const desk = new PlayedDesk()
  const accounts = ['a', 'b', 'c'].map((name) => desk.addAccount(name))
  const [refused = ''] = await desk.enqueue(desk.newItem({ sealed: 'k1 body' }))
  for (const account of accounts) {
    const leaseId = (await desk.ask(account)).work[0]?.leaseId ?? ''
    const back = { kind: 'back', item: refused, leaseId, why: 'refused', isLeftOut: true } as const
    desk.line.report(account.key, [{ ...back, refusal: 'k1 refusal' }])
  }
  await desk.ring(30_000)
  await desk.enqueue(...desk.newItems(450, { sealed: 'k1 body' }))
  const chosen = (await desk.ask(accounts[0] ?? desk.addAccount('x'), 1)).work[0]
  const resealer = new PlayedResealer()
  expect(await passOver(desk, resealer)).toBe(3)
  const identity = 'queued/heygen/tenant-1'
  const bodies = Array.from({ length: 450 }, () => `queuedBodies ${identity}`)
  expect(resealer.seen.toSorted()).toEqual([...bodies, `queuedRefusals ${identity}`])
  expect(desk.line.itemsOf([refused])[0]?.refusal).toBe('k2 refusal')
  const again = await desk.ask(accounts[0] ?? desk.addAccount('x'), 1)
  expect(again.work).toMatchObject([{ item: chosen?.item, sealed: 'k2 body' }])
  const second = new PlayedResealer()
  await passOver(desk, second)
  expect(second.seen).toEqual([])
})

test('an empty line costs a pass one step', async () => {
  expect(await passOver(new PlayedDesk(), new PlayedResealer())).toBe(1)
})

test('an item that ends while its body is re-sealed gets no body back [I6]', async () => {
  const desk = new PlayedDesk()
  desk.onEnds = async () => []
  const [item = ''] = await desk.enqueue(desk.newItem({ sealed: 'k1 body' }))
  const resealer = new PlayedResealer()
  const { text } = resealer
  resealer.text = async (...args) => {
    desk.line.cancel(item)
    return text.apply(resealer, args)
  }
  await passOver(desk, resealer)
  expect(desk.rows()).toMatchObject([{ item, sealed: null }])
})
