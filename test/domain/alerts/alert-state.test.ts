/** Who is told what about one fault: at most once a day, and that it is over only after that it began. */
import { expect, test } from 'vitest'
import {
  observe,
  tell,
  type AlertState,
  type Fault,
  type Observation,
} from '#domain/alerts/alert-state.ts'
import type { Alert, AlertKind } from '#domain/alerts/alert.ts'

const DAY = 86_400_000
const HOUR = DAY / 24
const NOW = 1_796_000_000_000

function alert(id: string, more: Partial<Alert> = {}): Alert {
  return {
    id,
    owner: 'acme',
    url: 'https://hooks.example.com/x',
    form: 'generic',
    events: null,
    secret: 'sealed',
    createdAt: NOW,
    ...more,
  }
}

const about = { tenant: 'acme', provider: 'heygen', account: 'a@example.com' }

/** One fault and its alerts, over time. */
class Story {
  state: AlertState | undefined
  readonly kind: AlertKind
  alerts: Alert[]

  constructor(kind: AlertKind, alerts = [alert('one')]) {
    this.kind = kind
    this.alerts = alerts
  }

  /** Sees it and tells it. Returns who was told what. */
  see(at: number, fault?: Fault, more: Partial<Observation> = {}): string[] {
    const seen = { ...about, kind: this.kind, ...(fault && { fault }), ...more }
    this.state = observe(this.state, seen, at)
    return this.due(at)
  }

  due(at: number): string[] {
    if (!this.state || (this.state.nextAt ?? Infinity) > at) return []
    const { notices, state } = tell(this.state, this.alerts, at, DAY)
    this.state = state
    return notices.map((one) => `${one.alert.id} ${one.state}`)
  }
}

const FAULT: Fault = { reason: 'credit', detail: 'no credit' }

test('a fault is told once, and its end once', () => {
  const story = new Story('account_parked')
  expect(story.see(NOW, FAULT)).toEqual(['one raised'])
  expect(story.see(NOW + HOUR, FAULT)).toEqual([])
  expect(story.see(NOW + 2 * HOUR)).toEqual(['one recovered'])
  expect(story.see(NOW + 3 * HOUR)).toEqual([])
})

test('a fault that comes back within a day is not told, nor that it is over', () => {
  const story = new Story('account_parked')
  story.see(NOW, FAULT)
  story.see(NOW + HOUR)
  expect(story.see(NOW + 2 * HOUR, FAULT)).toEqual([])
  expect(story.see(NOW + 3 * HOUR)).toEqual([])
})

test('a fault that came back within a day and is still there after it is told then', () => {
  const story = new Story('account_parked')
  story.see(NOW, FAULT)
  story.see(NOW + HOUR)
  story.see(NOW + 2 * HOUR, FAULT)
  expect(story.state?.nextAt).toBe(NOW + DAY)
  expect(story.due(NOW + DAY)).toEqual(['one raised'])
  expect(story.see(NOW + DAY + HOUR)).toEqual(['one recovered'])
})

test('a fault that is over before anybody was told is not told at all', () => {
  const story = new Story('account_parked')
  story.state = observe(undefined, { ...about, kind: 'account_parked', fault: FAULT }, NOW)
  expect(story.see(NOW)).toEqual([])
  expect(story.state).toBeUndefined()
})

test('no row is left a day after the last message', () => {
  const story = new Story('webhook_missing')
  story.see(NOW, FAULT)
  story.see(NOW + HOUR)
  expect(story.state?.nextAt).toBe(NOW + DAY)
  story.due(NOW + DAY)
  expect(story.state).toBeUndefined()
})

test('without alerts the row of a fault goes when the fault goes', () => {
  const story = new Story('webhook_missing', [])
  expect(story.see(NOW, FAULT)).toEqual([])
  expect(story.state?.nextAt).toBeUndefined()
  story.see(NOW + HOUR)
  expect(story.state).toBeUndefined()
})

test('an alert that was added after a fault is told when the fault comes back, although another was told today', () => {
  const story = new Story('account_parked')
  story.see(NOW, FAULT)
  story.alerts = [...story.alerts, alert('two')]
  expect(story.see(NOW + HOUR)).toEqual(['one recovered'])
  expect(story.see(NOW + 2 * HOUR, FAULT)).toEqual(['two raised'])
})

test('an alert that was removed is told nothing more, and is forgotten', () => {
  const story = new Story('account_parked')
  story.see(NOW, FAULT)
  story.alerts = []
  expect(story.see(NOW + HOUR)).toEqual([])
  expect(story.state).toBeUndefined()
})

test('an alert for other kinds is told nothing', () => {
  const story = new Story('account_parked', [alert('one', { events: ['dead_letter'] })])
  expect(story.see(NOW, FAULT)).toEqual([])
  expect(story.see(NOW + HOUR)).toEqual([])
})

test('a dead credential is told as parked only to alerts that do not hear of dead credentials', () => {
  const alerts = [alert('all'), alert('parked', { events: ['account_parked'] })]
  const story = new Story('account_parked', alerts)
  expect(story.see(NOW, { reason: 'credential' })).toEqual(['parked raised'])
  expect(story.see(NOW + HOUR, { reason: 'credit' })).toEqual(['all raised'])
  expect(story.see(NOW + 2 * HOUR)).toEqual(['all recovered', 'parked recovered'])
})

test('a low balance is told to each alert by its own number, and to the others by the default', () => {
  const alerts = [
    alert('default'),
    alert('high', { balanceBelow: 50 }),
    alert('none', { balanceBelow: 0 }),
  ]
  const story = new Story('balance_low', alerts)
  const left = (amount: number) => ({ amount, unit: 'usd', lowBelow: 10 })
  expect(story.see(NOW, left(40))).toEqual(['high raised'])
  expect(story.see(NOW + HOUR, left(9))).toEqual(['default raised'])
  expect(story.see(NOW + 2 * HOUR, left(30))).toEqual(['default recovered'])
  expect(story.see(NOW + 3 * HOUR)).toEqual(['high recovered'])
})

test('a balance in a unit without a default is low only for alerts that name a number', () => {
  const story = new Story('balance_low', [alert('default'), alert('named', { balanceBelow: 5 })])
  expect(story.see(NOW, { amount: 1, unit: 'tokens' })).toEqual(['named raised'])
})

test('another dead delivery is told again after a day, without an end between', () => {
  const story = new Story('dead_letter')
  const again = { isRepeat: true }
  expect(story.see(NOW, { detail: 'x' }, again)).toEqual(['one raised'])
  expect(story.see(NOW + HOUR, { detail: 'y' }, again)).toEqual([])
  expect(story.see(NOW + DAY, { detail: 'z' }, again)).toEqual(['one raised'])
  expect(story.see(NOW + DAY + HOUR)).toEqual(['one recovered'])
})
