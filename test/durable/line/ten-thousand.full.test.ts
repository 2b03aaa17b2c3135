/** A line of 10,000 items, and items of 1 MB, in the real Worker. Times are compared within one run. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { stopped } from '../../support/clock/clock.ts'
import { PlayedDesk } from '../../support/queue/desk-line.ts'
import { LINE_WORKER, RealDesk } from '../../support/queue/real-desk.ts'

const open = gatewaysOfFile()
const MANY = 9900
const MIB = 1024 * 1024
const numbers: Record<string, number> = {}

/** Without the slowest half, which is the machine's load. A Worker's clock has whole ms, so these are averaged. */
function usual(times: number[]): number {
  const fast = times.toSorted((a, b) => a - b).slice(0, Math.ceil(times.length / 2))
  return fast.reduce((sum, ms) => sum + ms, 0) / fast.length
}

async function timesOf(count: number, what: () => Promise<{ ms: number }>): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n += 1) times.push((await what()).ms)
  return times
}

async function fill(desk: RealDesk, count: number, sealed?: string): Promise<void> {
  for (let from = 0; from < count; from += 250)
    await desk.enqueue(desk.newItems(Math.min(250, count - from), sealed))
}

/** Each started item makes room for the next. */
async function turn(desk: RealDesk, sealed?: string) {
  const added = desk.newItem(sealed)
  const asked = await desk.enqueue([added])
  const pulled = await desk.pull()
  const [work] = pulled.answer.work
  if (!work) throw new Error('nothing was chosen')
  const told = await desk.report(desk.begun(work))
  return { asked, pulled, told }
}

type Turn = Awaited<ReturnType<typeof turn>>

function noted(name: string, all: Turn[]) {
  const [enqueue = 0, pull = 0, report = 0] = (['asked', 'pulled', 'told'] as const).map((step) =>
    usual(all.map((one) => one[step].ms))
  )
  Object.assign(numbers, {
    [`${name}: enqueue`]: enqueue,
    [`${name}: pull`]: pull,
    [`${name}: report`]: report,
  })
  return { enqueue, pull, report }
}

async function turns(desk: RealDesk, count: number, name: string, sealed?: string) {
  const all: Turn[] = []
  for (let n = 0; n < count; n += 1) all.push(await turn(desk, sealed))
  noted(name, all)
  return all
}

test('an insert among 10,000 items takes at most twice as long as into an empty line, and a pull as long', async () => {
  const gateway = await stopped(open({ entry: LINE_WORKER, isAlone: true }))
  const [empty, full] = [
    await RealDesk.open(gateway, 'empty'),
    await RealDesk.open(gateway, 'full'),
  ]
  await turns(empty, 60, 'warm')
  await fill(full, MANY)
  await turns(full, 60, 'warm')
  // In turn, so that what slows the machine down slows both.
  const [of, at]: [Turn[], Turn[]] = [[], []]
  for (let n = 0; n < 200; n += 1) {
    of.push(await turn(empty))
    at.push(await turn(full))
  }
  const [before, among] = [noted('empty', of), noted('at 10,000', at)]
  await full.die()
  numbers['first call after a wake-up with 10,000'] = (await full.pull(0)).ms
  await empty.die()
  numbers['first call after a wake-up with none'] = (await empty.pull(0)).ms
  console.log(numbers)
  expect(among.enqueue).toBeLessThan(before.enqueue * 2 + 0.5)
  expect(among.pull).toBeLessThan(before.pull * 2 + 2)
})

test('an item of 1 MB leaves the line by one row, as a small one does', async () => {
  const gateway = await stopped(open({ entry: LINE_WORKER, isAlone: true }))
  const desk = await RealDesk.open(gateway, 'large')
  const sealed = 'x'.repeat(1.4 * MIB)
  await turns(desk, 20, 'small')
  const large = await turns(desk, 20, '1.4 MB', sealed)
  const { asked, pulled, told } = large.at(-1) ?? (await turn(desk, sealed))
  const owners = 1
  expect([asked, pulled, told].map(({ rowsWritten }) => rowsWritten)).toEqual([1, 1, 1 + owners])
  const backs = await timesOf(10, async () => {
    await desk.enqueue([desk.newItem(sealed)])
    const [work] = (await desk.pull()).answer.work
    if (!work) throw new Error('nothing was chosen')
    const { item, leaseId } = work
    const back = await desk.report({ kind: 'back', item, leaseId, why: 'full' })
    expect(back.rowsWritten).toBe(2)
    await desk.call(['cancelItem', item])
    return back
  })
  numbers['1.4 MB: back'] = usual(backs)
  const smallBacks = await timesOf(10, async () => {
    await desk.enqueue([desk.newItem()])
    const [work] = (await desk.pull()).answer.work
    if (!work) throw new Error('nothing was chosen')
    const { item, leaseId } = work
    const back = await desk.report({ kind: 'back', item, leaseId, why: 'full' })
    await desk.call(['cancelItem', item])
    return back
  })
  numbers['small: back'] = usual(smallBacks)
  console.log(numbers)
})

test('10,000 items take at most 4 MB of memory', async () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const desk = new PlayedDesk()
  const heap = () => {
    gc()
    gc()
    return process.memoryUsage().heapUsed
  }
  await desk.enqueue(desk.newItem({ token: 'token-0' }))
  for (let from = 0; from < MANY; from += 100)
    await desk.enqueue(
      ...desk.newItems(100, { sealed: 'x'.repeat(2000), token: `token-${from % 7}` })
    )
  desk.restart()
  const before = heap()
  const began = performance.now()
  expect(desk.line.hasWork).toBe(true)
  await desk.line.takeWork({
    account: 'none',
    tenant: 'tenant-1',
    free: 0,
    held: 0,
    underWay: [],
    parkings: [],
  })
  numbers['read of 10,000 (Node), ms'] = performance.now() - began
  const grown = heap() - before
  numbers['memory of 10,000, MB'] = grown / 1e6
  console.log(numbers)
  expect(grown).toBeLessThan(4_000_000)
})
