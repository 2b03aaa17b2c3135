/**
 * The line in memory, which stands in for a desk in tests of accounts' objects, decides as the desk does: the same calls in generated
 * order to both, and the same answers.
 */
import { expect, test } from 'vitest'
import type { WorkAnswer, WorkReport } from '#domain/ports/line.ts'
import { PlayedDesk, type PlayedAccount } from '../../support/queue/desk-line.ts'
import { LineInMemory } from '../../support/queue/line-in-memory.ts'

/** Longer than a desk keeps an item from the account that has just given it back. */
const STEP_MS = 6000
const STEPS = 200
const TOKENS = ['t1', 't2', 't3']

/** An item that was handed over, and under which lease by each of the two. */
interface Handed {
  item: string
  account: PlayedAccount
  leaseIds: string[]
}

function open(seed: number) {
  const desk = new PlayedDesk()
  // In memory nobody tells ends.
  desk.onEnds = async () => []
  const accounts = ['a', 'b', 'c', 'd'].map((name) => desk.addAccount(name))
  const known = accounts.map(({ key, email, createdAt }) => [key, { email, createdAt }] as const)
  const memory = new LineInMemory({ now: () => desk.now, accounts: Object.fromEntries(known) })
  let state = seed
  /** A whole number from 0, below that one. */
  const draw = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
  const one = <T>(all: readonly T[]): T => all[draw(all.length)] as T
  return { desk, accounts, memory, draw, one, items: [] as string[], handed: [] as Handed[] }
}

type Lines = ReturnType<typeof open>

async function enqueue({ desk, memory, accounts, draw, one, items }: Lines): Promise<void> {
  const lane = draw(4) === 0 ? one(accounts) : undefined
  const item = desk.newItem({
    token: one(TOKENS),
    priority: 1 + draw(5),
    ...(lane ? { lane: lane.email, laneSince: lane.createdAt } : {}),
  })
  items.push(item.item)
  await desk.put(structuredClone(item))
  await memory.enqueue([structuredClone(item)])
}

/** Sometimes the account's object has died meanwhile, and names nothing as under way. */
async function pull({ desk, memory, accounts, draw, one, handed }: Lines): Promise<void> {
  const account = one(accounts)
  const mine = handed.filter((work) => work.account === account)
  const underWay = draw(4) === 0 ? [] : mine.map(({ item }) => item)
  const ask = { underWay, most: 1 + draw(4), held: underWay.length }
  const free = 1 + draw(3)
  const answers = [
    await desk.ask(account, free, ask),
    await memory.takeWork({
      ...{ account: account.key, tenant: 'tenant-1', free, parkings: [] },
      ...ask,
    }),
  ] as [WorkAnswer, WorkAnswer]
  const [first, second] = answers.map(({ work, isMore }) => ({
    work: work.map(({ item, mayStart, earlier }) => [item, mayStart, earlier.length]),
    isMore,
  }))
  expect(second).toEqual(first)
  for (const { item, leaseId } of answers[0].work) {
    const leaseIds = [leaseId, answers[1].work.find((work) => work.item === item)?.leaseId ?? '']
    handed.push({ item, account, leaseIds })
  }
}

/** Of any lease that an item ever had, so also late ones. */
async function report(lines: Lines): Promise<void> {
  const { desk, memory, one, handed } = lines
  if (handed.length === 0) return
  const { item, account, leaseIds } = one(handed)
  const kinds = ['begun', 'begun', 'back', 'leftOut', 'tooEarly', 'over'] as const
  const kind = one(kinds)
  const isOf = (leaseId = ''): WorkReport => {
    if (kind === 'begun') return desk.begun(item, leaseId, account)
    if (kind === 'over') return { kind, item, leaseId, reason: 'failed' }
    const why = { back: 'full', leftOut: 'refused', tooEarly: 'not ready' }[kind]
    return {
      ...{ kind: 'back', item, leaseId, why },
      ...(kind === 'leftOut' ? { isLeftOut: true as const } : {}),
      ...(kind === 'tooEarly' ? { isTooEarly: true as const } : {}),
    }
  }
  desk.line.report(account.key, [isOf(leaseIds[0])])
  await memory.report(account.key, [isOf(leaseIds[1])])
  await desk.settle()
  if (desk.stateOf(item) !== 'held') return
  expect(memory.look(item)?.state).toBe('held')
  await desk.ring(61_000)
  memory.ready(item)
}

async function cancel({ desk, memory, one, items }: Lines): Promise<void> {
  if (items.length === 0) return
  const item = one(items)
  if (desk.stateOf(item) !== 'waiting') return
  desk.line.cancel(item)
  await memory.cancelItem(item)
}

for (const seed of [1, 2, 3])
  test(`in memory and at the desk the same calls have the same answers, in line ${seed}`, async () => {
    const lines = open(seed)
    const seen = new Set<string | undefined>()
    for (let step = 0; step < STEPS; step += 1) {
      lines.desk.now += STEP_MS
      await lines.one([enqueue, enqueue, pull, pull, report, report, cancel])(lines)
      const states = lines.items.map((item) => lines.desk.stateOf(item))
      expect(lines.items.map((item) => lines.memory.look(item)?.state)).toEqual(states)
      for (const state of states) seen.add(state)
    }
    expect(seen).toEqual(new Set(['waiting', 'chosen', 'begun', 'untold', 'ended']))
  })
