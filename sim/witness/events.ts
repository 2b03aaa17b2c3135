/** The events of HeyGen's accounts: their endpoints, signed events, and attempts until one is taken. */
import { createHmac } from 'node:crypto'
import { data, parse, refusal, urlOf, viewOf } from '../../test/support/witness/witness-answers.ts'
import type { ClientAnswer, ClientCall } from '../platform/isolates.ts'
import type { NetworkCall, NetworkReply } from '../platform/network.ts'
import { Party } from '../world/party.ts'
import type { World } from '../world/world.ts'
import { CALM_HEYGEN, type Account, type HeygenRates, type Job } from './books.ts'

interface Sending {
  url: string
  /** Absent: it goes to a creation's own callback, which is not signed. */
  secret: string | undefined
  eventId: string
  body: string
  isForged: boolean
}

const TRIES_MAX = 8
const FIRST_PAUSE_MS = 30_000
const LATE_MS = 600_000

export class Events {
  rates: HeygenRates = CALM_HEYGEN
  /** Events under way or owed. */
  open = 0
  /** Secrets of endpoints, which nobody may see. */
  readonly secrets: string[] = []
  /** The last part of each address that was registered. Nobody may see it. */
  readonly addresses: string[] = []
  /** Forged events that were taken. */
  readonly believed: string[] = []
  readonly #world: World
  readonly #send: (call: ClientCall) => Promise<ClientAnswer>
  readonly #party = new Party('heygen')

  constructor(world: World, send: (call: ClientCall) => Promise<ClientAnswer>) {
    this.#world = world
    this.#send = send
  }

  endpoints(
    { method, url, body }: NetworkCall,
    account: Account
  ): Pick<NetworkReply, 'status' | 'body'> {
    const [id = '', verb] = url.pathname.split('/').slice(4)
    if (method === 'GET') {
      const rows = account.endpoints.map((one) => ({ ...viewOf(one), secret: null }))
      const page = { data: rows, has_more: false, next_token: null }
      return { status: 200, body: JSON.stringify(page) }
    }
    if (method === 'POST' && id === '') {
      const asked = parse(body) as { url?: unknown; events?: string[] }
      if (typeof asked.url !== 'string')
        return refusal(400, 'invalid_parameter', 'url is invalid', 'url')
      const secret = this.#newSecret()
      const endpoint = {
        ...{ id: this.#world.chance.hex('endpoint ids', 32), url: asked.url, secret },
        events: asked.events ?? null,
      }
      account.endpoints.push(endpoint)
      this.addresses.push(asked.url.slice(asked.url.lastIndexOf('/') + 1))
      return data({ ...viewOf(endpoint), secret })
    }
    const known = account.endpoints.find((one) => one.id === id)
    if (!known) return refusal(404, 'webhook_not_found', 'Webhook endpoint not found')
    if (method === 'POST' && verb === 'rotate-secret') {
      known.secret = this.#newSecret()
      return data({ endpoint_id: id, secret: known.secret })
    }
    if (method !== 'DELETE') return refusal(404, 'not_found', 'Not found')
    account.endpoints = account.endpoints.filter((one) => one !== known)
    return { status: 200, body: JSON.stringify({ data: {}, error: null }) }
  }

  #newSecret(): string {
    const secret = `whsec_${this.#world.chance.hex('secrets', 32)}`
    this.secrets.push(secret)
    return secret
  }

  /** Sends the event of a job's end to every address that gets it. */
  tell(job: Job, account: Account): void {
    const { event } = job.kind
    if (!event) return
    const type = `${event.name}.${job.isDone ? 'success' : 'fail'}`
    const eventId = `evt_${this.#world.chance.hex('event ids', 16)}`
    const body = JSON.stringify({
      event_id: eventId,
      event_type: type,
      event_data: {
        [event.id]: job.id,
        ...(job.isDone ? { url: urlOf(job) } : { [event.why]: 'Generation failed' }),
        callback_id: job.callbackId,
      },
      created_at: new Date(this.#world.shown(this.#world.now) + account.skewMs).toISOString(),
    })
    for (const { url, secret, events } of account.endpoints)
      if (events === null || events.includes(type))
        this.#enqueue({ url, secret, eventId, body, isForged: false })
    if (job.callbackUrl !== undefined)
      this.#enqueue({ url: job.callbackUrl, secret: undefined, eventId, body, isForged: false })
  }

  #enqueue(sending: Sending): void {
    const { chance } = this.#world
    const { rates } = this
    if (sending.secret !== undefined && chance.isHit('event forged', rates.eventForged))
      this.#start({ ...sending, secret: 'whsec_forged', isForged: true }, 0)
    const copies = chance.isHit('event doubled', rates.eventDoubled) ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      if (chance.isHit('event lost', rates.eventLost)) continue
      const isLate = chance.isHit('event late', rates.eventLate)
      this.#start(sending, isLate ? chance.between('event late ms', 0, LATE_MS) : 0)
    }
  }

  #start(sending: Sending, afterMs: number): void {
    this.open += 1
    this.#world.after(afterMs, 'event leaves', this.#party, () => void this.#attempt(sending, 1))
  }

  async #attempt(sending: Sending, n: number): Promise<void> {
    const { url, secret, eventId, body, isForged } = sending
    const headers = {
      'content-type': 'application/json',
      'heygen-event-id': eventId,
      ...(secret === undefined ? {} : signedBy(secret, body, this.#world.shown(this.#world.now))),
    }
    const { status } = await this.#send({ method: 'POST', url, headers, body })
    const isTaken = status !== 'cut' && status < 300
    if (isTaken && isForged) this.believed.push(`${eventId} was forged and answered ${status}`)
    if (isTaken || isForged || n >= TRIES_MAX) return void (this.open -= 1)
    const ms = FIRST_PAUSE_MS * 2 ** (n - 1)
    this.#world.after(ms, 'event again', this.#party, () => void this.#attempt(sending, n + 1))
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
