import { expect, test } from 'vitest'
import { WAITING_MAX, WaitingLine } from '#domain/slots/waiting-line.ts'
import { preferredWait, wantsAsync } from '#http/calls/prefer-wait.ts'

const waiter = (id: string, since: number, ...accounts: string[]) => ({ id, since, accounts })

type Line = WaitingLine<ReturnType<typeof waiter> & { slots?: number; tried?: string }>

function served(line: Line): string[] {
  return line.serve().map(({ waiter: { id }, account }) => `${id} at ${account}`)
}

test('a freed account serves the first in line whom it can serve, once', () => {
  const line: Line = new WaitingLine()
  line.join(waiter('first', 1, 'a'))
  line.join(waiter('second', 2, 'a', 'b'))
  line.join(waiter('third', 3, 'b'))
  line.noteFreed('b', 2)
  expect(served(line)).toEqual(['second at b', 'third at b'])
  expect(served(line)).toEqual([])
  line.noteFreed('a')
  expect(served(line)).toEqual(['first at a'])
})

test('asking again keeps the place in line, and stands there once', () => {
  const line: Line = new WaitingLine()
  line.join(waiter('later', 2, 'a'))
  line.join(waiter('earlier', 1, 'a'))
  line.join(waiter('earlier', 1, 'a'))
  expect(line.length).toBe(2)
  line.noteFreed('a')
  expect(served(line)).toEqual(['earlier at a'])
})

test('a slot that came free while nobody stood in line is given to the next who does', () => {
  const line: Line = new WaitingLine()
  line.noteFreed('a')
  line.join(waiter('late', 1, 'a'))
  expect(served(line)).toEqual(['late at a'])
})

test('who finds no room is not sent there again until the account has news; others are once it says that it has room', () => {
  const line: Line = new WaitingLine()
  line.noteFreed('a')
  line.join({ ...waiter('large', 1, 'a'), tried: 'a' })
  line.join(waiter('small', 2, 'a'))
  expect(served(line)).toEqual([])
  line.noteFree('a', 1)
  expect(served(line)).toEqual(['small at a'])
  line.noteFreed('a')
  expect(served(line)).toEqual(['large at a'])
  line.join({ ...waiter('large', 1, 'a'), tried: 'a' })
  line.pardon('a')
  line.noteFree('a', 1)
  expect(served(line)).toEqual(['large at a'])
})

test('who needs several slots waits until an account has as many', () => {
  const line: Line = new WaitingLine()
  line.join({ ...waiter('pair', 1, 'a'), slots: 2 })
  line.noteFreed('a')
  expect(served(line)).toEqual([])
  line.noteFreed('a')
  expect(served(line)).toEqual(['pair at a'])
})

test('at most a hundred wait', () => {
  const line = new WaitingLine()
  for (let index = 0; index < WAITING_MAX; index += 1)
    expect(line.join(waiter(`w${index}`, index, 'a'))).toBe(true)
  expect(line.join(waiter('one more', 101, 'a'))).toBe(false)
})

test('Prefer: wait is read among other preferences and cut at 60 s', () => {
  expect(preferredWait('wait=10')).toBe(10)
  expect(preferredWait('WAIT="10"')).toBe(10)
  expect(preferredWait('respond-async, wait=600')).toBe(60)
  expect(preferredWait('return=minimal; wait = 5')).toBe(5)
  for (const other of [undefined, '', 'wait', 'wait=soon', 'await=5', 'wait=0', 'wait=-1'])
    expect(preferredWait(other)).toBeUndefined()
})

test('of a preference that stands twice the first counts, and what stands in a quoted text is none (RFC 7240)', () => {
  expect(preferredWait('wait=3, wait=9')).toBe(3)
  expect(preferredWait('wait=never, wait=9')).toBeUndefined()
  expect(preferredWait('note="a, wait=9, b"')).toBeUndefined()
  expect(preferredWait('note="a \\", wait=9, b", wait=4')).toBe(4)
  expect(preferredWait('note="open, wait=9')).toBeUndefined()
  for (const asked of ['respond-async', 'a=b,Respond-Async ;x', 'respond-async=""'])
    expect(wantsAsync(asked)).toBe(true)
  for (const other of [
    undefined,
    'note="a, respond-async, b"',
    'respond-asynchronous',
    'x-respond-async',
  ])
    expect(wantsAsync(other)).toBe(false)
})
