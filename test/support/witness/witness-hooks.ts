/**
 * Signs and sends the witness's events, and tries them again. A test can have them lost, doubled, late, out of order or forged.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { Chance } from './witness-random.ts'

export interface HookRates {
  lose: number
  double: number
  /** The share of events that are sent `lateMs` later. */
  late: number
  lateMs: number
  /** Each event is delayed by up to this, so that events of one moment come in any order. */
  shuffleMs: number
  /** The share of ends for which a forged event, with a wrong signature, is sent first. */
  forge: number
}

const CALM: HookRates = { lose: 0, double: 0, late: 0, lateMs: 0, shuffleMs: 0, forge: 0 }

export interface WitnessEndpoint {
  id: string
  url: string
  secret: string
  events: string[] | null
}

/** One event to one address, with the result. */
export interface Sending {
  url: string
  /** The secret that signs it. Absent: it goes to a creation's own callback, which is not signed. */
  secret?: string
  eventId: string
  body: string
  jobId: string
  isForged: boolean
  isLost: boolean
  dueAt: number
  answers: number[]
}

const TRIES_MAX = 12

export interface HookClock {
  now(): number
  /** Calls `run` at that time. */
  at(when: number, run: () => Promise<void>): void
}

export class Hooks {
  rates: HookRates = CALM
  /** Whether events are kept until `release`. It sends them in the order in which they were made. */
  isHeld = false
  /** The wait after the first attempt that was not accepted. It doubles each time. */
  retryMs = 1000
  readonly sendings: Sending[] = []
  readonly #clock: HookClock
  readonly #chance: Chance
  #held: Sending[] = []

  constructor(clock: HookClock, chance: Chance) {
    this.#clock = clock
    this.#chance = chance
  }

  enqueue(event: Omit<Sending, 'isForged' | 'isLost' | 'dueAt' | 'answers'>): void {
    const { rates } = this
    const chance = this.#chance
    if (chance.isHit(rates.forge)) {
      const secret = `whsec_${randomBytes(12).toString('base64')}`
      const body = event.body.replace('"evt_', '"evt_f')
      if (event.secret !== undefined) this.#add({ ...event, secret, body }, { isForged: true })
    }
    const copies = chance.isHit(rates.double) ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      const isLost = chance.isHit(rates.lose)
      const lateMs = chance.isHit(rates.late) ? rates.lateMs : 0
      this.#add(event, { isLost, afterMs: lateMs + chance.next() * rates.shuffleMs })
    }
  }

  #add(
    event: Omit<Sending, 'isForged' | 'isLost' | 'dueAt' | 'answers'>,
    { isForged = false, isLost = false, afterMs = 0 }
  ): void {
    const dueAt = this.#clock.now() + afterMs
    const sending: Sending = { ...event, isForged, isLost, dueAt, answers: [] }
    this.sendings.push(sending)
    if (isLost) return
    if (this.isHeld) this.#held.push(sending)
    else this.#clock.at(dueAt, () => this.send(sending))
  }

  async release(): Promise<void> {
    this.isHeld = false
    for (const sending of this.#held.splice(0)) await this.send(sending)
  }

  async send(sending: Sending): Promise<void> {
    const { url, secret, body, eventId, answers } = sending
    const status = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'heygen-event-id': eventId,
        ...(secret === undefined ? {} : signedBy(secret, body, this.#clock.now())),
      },
      body,
      signal: AbortSignal.timeout(10_000),
    }).then(
      async (answer) => {
        await answer.body?.cancel()
        return answer.status
      },
      () => 0
    )
    answers.push(status)
    const isTaken = status >= 200 && status < 300
    if (isTaken || sending.isForged || answers.length >= TRIES_MAX) return
    const wait = Math.min(this.retryMs * 2 ** (answers.length - 1), 30 * this.retryMs)
    sending.dueAt = this.#clock.now() + wait
    this.#clock.at(sending.dueAt, () => this.send(sending))
  }

  /** Events that were not accepted yet and will be tried again. */
  get underWay(): Sending[] {
    return this.sendings.filter(
      ({ isLost, isForged, answers }) =>
        !isLost &&
        answers.length < (isForged ? 1 : TRIES_MAX) &&
        !answers.some((status) => status >= 200 && status < 300)
    )
  }

  /** Forged events that the gateway accepted. */
  get believed(): Sending[] {
    return this.sendings.filter(
      ({ isForged, answers }) => isForged && answers.some((status) => status < 300 && status > 0)
    )
  }
}

/** Signs the raw body, with the whole `whsec_…` text as the key. */
function signedBy(secret: string, body: string, now: number): Record<string, string> {
  const hex = createHmac('sha256', secret).update(body).digest('hex')
  return {
    signature: hex,
    'heygen-signature': hex,
    'heygen-timestamp': String(Math.floor(now / 1000)),
  }
}
