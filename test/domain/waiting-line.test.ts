import { expect, test } from 'vitest'
import { WAITING_MAX, WaitingLine } from '#domain/waiting-line.ts'
import { preferredWait } from '#http/prefer-wait.ts'

const waiter = (id: string, since: number, ...accounts: string[]) => ({ id, since, accounts })

test('a freed account serves the first in line whom it can serve', () => {
  const line = new WaitingLine()
  line.join(waiter('first', 1, 'a'))
  line.join(waiter('second', 2, 'a', 'b'))
  line.join(waiter('third', 3, 'b'))
  expect(line.next('b')?.id).toBe('second')
  expect(line.next('b')?.id).toBe('third')
  expect(line.next('b')).toBeUndefined()
  expect(line.next('a')?.id).toBe('first')
})

test('asking again keeps the place in line', () => {
  const line = new WaitingLine()
  line.join(waiter('later', 2, 'a'))
  line.join(waiter('earlier', 1, 'a'))
  expect(line.next('a')?.id).toBe('earlier')
})

test('at most a hundred wait', () => {
  const line = new WaitingLine()
  for (let index = 0; index < WAITING_MAX; index += 1)
    expect(line.join(waiter(`w${index}`, index, 'a'))).toBe(true)
  expect(line.join(waiter('one more', 101, 'a'))).toBe(false)
})

test('Prefer: wait is read among other preferences and cut at 60 s', () => {
  expect(preferredWait('wait=10')).toBe(10)
  expect(preferredWait('respond-async, wait=600')).toBe(60)
  expect(preferredWait('return=minimal; wait = 5')).toBe(5)
  for (const other of [undefined, '', 'wait', 'wait=soon', 'await=5', 'wait=0', 'wait=-1'])
    expect(preferredWait(other)).toBeUndefined()
})
