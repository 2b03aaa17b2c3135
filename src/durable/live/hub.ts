/**
 * The hub (docs/rfc/0006-faces.md, "Live"). While a page is open or metrics are asked for, it lists the accounts, asks each to push
 * its changes, keeps their summaries in rows and sends them to the pages. When nobody looks any more, its alarm deletes the rows, and
 * it costs nothing.
 */
import type { Account } from '#domain/accounts/account.ts'
import { hexHash } from '#domain/text/hash.ts'
import {
  cardName,
  newerCard,
  planLook,
  socketsMax,
  tenantOfHub,
  type Maker,
  type Ticket,
} from '#domain/live/hub.ts'
import type { Pool, PoolAccount } from '#domain/live/pool-account.ts'
import { unreachableSummary } from '#domain/live/summary.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { ownScopeOf } from '#domain/visibility/own-scope.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'
import { listAccounts, readQueues } from '#flows/live/read-pool.ts'
import { HubRows } from './hub-rows.ts'

/** Further accounts follow as messages of their own, because a message has a largest size. */
const ACCOUNTS_A_MESSAGE = 200
/** The shortest time between two lists that pages ask for. */
const REFRESH_MS = 1000
/** The close code for a page whose token has ended. */
const TOKEN_ENDED = 4401

export interface HubDeps {
  name: string
  sql: SqlStorage
  now(): number
  ports(): Ports
  providers: readonly string[]
  /** Sets the alarm, if it is not set to an earlier time. */
  armIn(ms: number): void
  sockets(): WebSocket[]
  accept(socket: WebSocket): void
}

/** What a socket keeps while its object sleeps. `isFilled`: it has got the list of accounts. */
interface Attached {
  maker: Maker
  isFilled: boolean
}

export class Hub {
  readonly #deps: HubDeps
  readonly #rows: HubRows
  #listedAt = -Infinity
  /** A page asked for a list less than REFRESH_MS after the last one. */
  #isAskedAgain = false
  #checkedAt = -Infinity
  #running: Promise<void> | undefined

  constructor(deps: HubDeps) {
    this.#deps = deps
    this.#rows = new HubRows(deps.sql)
  }

  /** Whether the alarm has something to do: to look again, or to delete the rows when nobody looks any more. */
  get hasWork(): boolean {
    return !this.#rows.isEmpty || this.#deps.sockets().length > 0
  }

  keepTicket(hash: string, ticket: Ticket): boolean {
    const { name, sockets, now, armIn } = this.#deps
    const waiting = this.#rows.forgetTickets(now())
    if (waiting + sockets().length >= socketsMax(name)) return false
    this.#rows.saveTicket(hash, ticket)
    armIn(ticket.until - now())
    return true
  }

  connect(ticketHash: string): Response {
    const { name, sockets, now, accept } = this.#deps
    const ticket = this.#rows.takeTicket(ticketHash)
    if (!ticket || ticket.until <= now()) return new Response(null, { status: 401 })
    if (sockets().length >= socketsMax(name)) return new Response(null, { status: 429 })
    const { 0: page, 1: ours } = new WebSocketPair()
    accept(ours)
    this.#attach(ours, { maker: ticket.maker, isFilled: false })
    if (this.#rows.state().isFilled) this.#fill()
    this.#lookSoon()
    return new Response(null, { status: 101, webSocket: page })
  }

  push(summary: PoolAccount): boolean {
    const known = this.#rows.card(cardName(summary))
    if (!this.#isLooking()) {
      // The account now stops pushing. It must be asked again if somebody looks before the rows are gone.
      if (known) this.#rows.saveCard({ ...known, askedAt: 0 })
      return false
    }
    // Before the list names an account, and after it was removed, it has no card.
    if (known) this.#keep(summary, known.askedAt)
    return true
  }

  /** For metrics. Asks no other object while the hub looks already. */
  async look(): Promise<Pool> {
    const { now, ports, armIn } = this.#deps
    const { lookForMetricsMs, listEveryMs } = ports().durations
    const wasLooking = this.#isLooking()
    const state = this.#rows.state()
    const until = now() + lookForMetricsMs
    // Not written for each scrape.
    if (state.lookUntil - now() < lookForMetricsMs / 2)
      this.#rows.saveState({ ...state, lookUntil: until })
    // Before the look: the alarm deletes what was written also when this object dies meanwhile.
    armIn(listEveryMs)
    if (!wasLooking || !state.isFilled) await this.#look()
    return { ...this.#pool(), queues: this.#rows.state().queues ?? [] }
  }

  /** A page has changed something and wants the list again. Any other message is ignored. */
  onMessage(message: string | ArrayBuffer): void {
    if (message !== 'refresh') return
    const left = this.#listedAt + REFRESH_MS - this.#deps.now()
    if (left <= 0) return this.#lookSoon()
    this.#isAskedAgain = true
    this.#deps.armIn(left)
  }

  async runDue(): Promise<void> {
    const { now, ports, armIn } = this.#deps
    const { listEveryMs, checkPagesMs, ticketMs } = ports().durations
    const waiting = this.#rows.forgetTickets(now())
    if (!this.#isLooking()) {
      this.#rows.clear()
      if (waiting > 0) armIn(ticketMs)
      return
    }
    const isCheckDue = now() >= this.#checkedAt + checkPagesMs
    if (isCheckDue) this.#checkedAt = now()
    await this.#endSockets(isCheckDue)
    const pauseMs = () => (this.#isAskedAgain ? REFRESH_MS : listEveryMs)
    if (now() >= this.#listedAt + pauseMs()) await this.#look()
    armIn(pauseMs())
  }

  #isLooking(): boolean {
    const { sockets, now } = this.#deps
    return sockets().length > 0 || this.#rows.state().lookUntil > now()
  }

  #lookSoon(): void {
    const { ports, armIn } = this.#deps
    const { defer, durations } = ports()
    armIn(durations.listEveryMs)
    // The alarm looks again if this fails.
    defer(this.#look().catch(() => {}))
  }

  #look(): Promise<void> {
    this.#running ??= this.#lookNow().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #lookNow(): Promise<void> {
    const { now, ports, providers } = this.#deps
    this.#listedAt = now()
    this.#isAskedAgain = false
    const current = ports()
    const list = await listAccounts(current, providers, await this.#tenants(current))
    const { observeAgainMs } = current.durations
    const { ask, removed } = planLook(this.#rows.cards(), list, now(), observeAgainMs)
    for (const { tenant, provider, email } of removed) {
      this.#rows.dropCard(cardName({ tenant, provider, email }))
      this.#send({ type: 'removed', tenant, provider, email })
    }
    await limitConcurrency(ask, OBJECTS_AT_ONCE, (account) => this.#observe(current, account))
    const queues = await this.#queues(current, list.queueing)
    // Nobody looks any more, and the alarm may have deleted the rows meanwhile. It comes again for what was written since.
    if (!this.#isLooking()) return this.#deps.armIn(current.durations.listEveryMs)
    const state = this.#rows.state()
    const isOther = JSON.stringify(queues) !== JSON.stringify(state.queues ?? [])
    if (!state.isFilled || state.isWhole !== list.isWhole || isOther)
      this.#rows.saveState({ ...state, isFilled: true, isWhole: list.isWhole, queues })
    this.#fill()
  }

  /** For metrics only: pages get no changes of them. */
  async #queues(ports: Ports, desks: Parameters<typeof readQueues>[1]) {
    return this.#rows.state().lookUntil > this.#deps.now() ? readQueues(ports, desks) : []
  }

  async #tenants({ registrar }: Ports): Promise<string[]> {
    const own = tenantOfHub(this.#deps.name)
    return own === undefined ? (await registrar.listTenants()).map(({ id }) => id) : [own]
  }

  async #observe({ slots, durations }: Ports, account: Account): Promise<void> {
    const { name, now } = this.#deps
    const askedAt = now()
    const until = askedAt + durations.observeMs
    const summary = await slots(account.key)
      .observe(name, account.tenant, until)
      .catch(() => undefined)
    this.#keep(summary ?? unreachableSummary(account, now()), askedAt)
  }

  #keep(summary: PoolAccount, askedAt: number): void {
    const known = this.#rows.card(cardName(summary))
    const card = newerCard(known, { account: summary, askedAt })
    this.#rows.saveCard(card)
    this.#send({ type: 'account', account: card.account })
  }

  #pool(): Pool {
    const accounts = this.#rows.cards().map(({ account }) => account)
    const { isWhole } = this.#rows.state()
    return { at: new Date(this.#deps.now()).toISOString(), isWhole, accounts }
  }

  /** Sends the whole list to pages that have just been opened. */
  #fill(): void {
    const empty = this.#deps.sockets().filter((socket) => !attachedTo(socket)?.isFilled)
    if (empty.length === 0) return
    const pool = this.#pool()
    const [first, rest] = [
      pool.accounts.slice(0, ACCOUNTS_A_MESSAGE),
      pool.accounts.slice(ACCOUNTS_A_MESSAGE),
    ]
    for (const socket of empty) {
      const attached = attachedTo(socket)
      if (!attached) continue
      sendTo(socket, { type: 'pool', ...pool, accounts: first })
      for (const account of rest) sendTo(socket, { type: 'account', account })
      this.#attach(socket, { ...attached, isFilled: true })
    }
  }

  #send(message: object): void {
    for (const socket of this.#deps.sockets())
      if (attachedTo(socket)?.isFilled) sendTo(socket, message)
  }

  #attach(socket: WebSocket, attached: Attached): void {
    socket.serializeAttachment(attached)
  }

  /** Ends sockets whose token has ended. `isAsking`: asks about each token; without it only those that expire are ended. */
  async #endSockets(isAsking: boolean): Promise<void> {
    const { sockets, now } = this.#deps
    for (const socket of sockets()) {
      const maker = attachedTo(socket)?.maker
      const isOver = !maker || (maker.expiresAt !== null && maker.expiresAt <= now())
      if (isOver || (isAsking && !(await this.#isGood(maker))))
        socket.close(TOKEN_ENDED, 'The token has ended.')
    }
  }

  /** A token that cannot be asked about stays good until the next time. */
  async #isGood({ kind, hash }: Maker): Promise<boolean> {
    const { ports, now, name } = this.#deps
    const { settings, registrar } = ports()
    if (kind === 'operator')
      return settings.adminToken !== undefined && (await hexHash(settings.adminToken)) === hash
    try {
      const token = await registrar.findToken(hash)
      const isOver = token?.expiresAt != null && token.expiresAt <= now()
      // A token that sees only its own gets no page of the tenant's accounts. It may have seen them before.
      const isSeeing = token?.tenant === tenantOfHub(name) && ownScopeOf(token) === undefined
      return token?.subscription === 'active' && !isOver && isSeeing
    } catch {
      return true
    }
  }
}

function attachedTo(socket: WebSocket): Attached | null {
  return socket.deserializeAttachment() as Attached | null
}

/** A socket that is closing cannot be sent to, which is no error. */
function sendTo(socket: WebSocket, message: object): void {
  try {
    socket.send(JSON.stringify(message))
  } catch {
    return
  }
}
