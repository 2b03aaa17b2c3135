/** The witness's events: signed, sent, tried again; and lost, doubled, late, out of order or forged when asked to. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Chance } from './witness-random.ts'

export interface HookRates {
  lose: number
  double: number
  /** Sent `lateMs` later. */
  late: number
  lateMs: number
  /** Up to this much later, so that those of one moment come in any order. */
  shuffleMs: number
  /** A false one of the same end, badly signed, goes first. */
  forge: number
}

const CALM: HookRates = { lose: 0, double: 0, late: 0, lateMs: 0, shuffleMs: 0, forge: 0 }

export interface WitnessEndpoint {
  id: string
  url: string
  secret: string
  events: string[] | null
}

/** One event to one address, and what came of it. */
export interface Sending {
  url: string
  /** Absent: a creation's own callback, which is not signed. */
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
  /** Calls back when that moment has come. */
  at(when: number, run: () => Promise<void>): void
}

export class Hooks {
  rates: HookRates = CALM
  /** Kept until `release`, then sent in the order in which they were made. */
  isHeld = false
  /** First wait after an attempt that was not taken; doubles. */
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

  /** Not yet taken, and still tried. */
  get underWay(): Sending[] {
    return this.sendings.filter(
      ({ isLost, isForged, answers }) =>
        !isLost &&
        answers.length < (isForged ? 1 : TRIES_MAX) &&
        !answers.some((status) => status >= 200 && status < 300)
    )
  }

  /** Forged ones that were believed. */
  get believed(): Sending[] {
    return this.sendings.filter(
      ({ isForged, answers }) => isForged && answers.some((status) => status < 300 && status > 0)
    )
  }
}

/** The whole `whsec_…` text is the key, the raw body alone is signed. */
function signedBy(secret: string, body: string, now: number): Record<string, string> {
  const hex = createHmac('sha256', secret).update(body).digest('hex')
  return {
    signature: hex,
    'heygen-signature': hex,
    'heygen-timestamp': String(Math.floor(now / 1000)),
  }
}
