/**
 * Keeps the list of accounts up to date: one WebSocket for the page, and a question every ten seconds while there is no socket.
 * Nobody looks for five minutes: the socket is closed, so that a forgotten tab costs nothing.
 */
import { computed, signal } from '@preact/signals'
import type { LiveMessage, Pool, PoolAccount } from '../api-types.ts'
import { ask } from './api.ts'
import { chosenTenant, isOperator } from './session.ts'

/** `live`: changes come by themselves. `polling`: asked every ten seconds. `paused`: the tab was hidden for long. */
export type LiveState = 'connecting' | 'live' | 'polling' | 'paused'

const POLL_MS = 10_000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000
const PING_MS = 25_000
const HIDDEN_MS = 300_000
/** Changes are drawn together, at most five times a second. */
const DRAW_MS = 200

export const liveState = signal<LiveState>('connecting')
export const poolError = signal<unknown>(undefined)
/** Undefined: nothing has come yet. */
export const pool = signal<Pool | undefined>(undefined)

/** Providers with an account in view. */
export const providersInUse = computed(() => [
  ...new Set((pool.value?.accounts ?? []).map(({ provider }) => provider)),
])

type Named = Pick<PoolAccount, 'tenant' | 'provider' | 'email'>

export function keyOf({ tenant, provider, email }: Named): string {
  return `${tenant} ${provider} ${email}`
}

let refreshNow: () => void = () => undefined

/** Call it after a change of the page's own. */
export function refreshPool(): void {
  refreshNow()
}

/** Watches until the returned function is called. Call it again after a change of the session or of the chosen tenant. */
export function watchPool(): () => void {
  const watcher = new PoolWatcher()
  watcher.start()
  refreshNow = () => watcher.refresh()
  return () => {
    refreshNow = () => undefined
    watcher.stop()
  }
}

class PoolWatcher {
  #socket: WebSocket | undefined
  #isStopped = false
  #failures = 0
  #timers = new Map<string, ReturnType<typeof setTimeout>>()
  readonly #abort = new AbortController()
  readonly #accounts = new Map<string, PoolAccount>()
  #frame: Omit<Pool, 'accounts'> | undefined

  start(): void {
    pool.value = undefined
    poolError.value = undefined
    liveState.value = 'connecting'
    document.addEventListener('visibilitychange', this.#onVisibility)
    void this.#connect()
  }

  stop(): void {
    this.#isStopped = true
    this.#abort.abort()
    document.removeEventListener('visibilitychange', this.#onVisibility)
    this.#close()
  }

  refresh(): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send('refresh')
    else void this.#poll()
  }

  readonly #onVisibility = () => {
    if (document.hidden) return this.#after('hidden', HIDDEN_MS, () => this.#pause())
    this.#cancel('hidden')
    if (liveState.value === 'paused') void this.#connect()
  }

  #pause(): void {
    liveState.value = 'paused'
    this.#close()
  }

  #close(): void {
    for (const name of this.#timers.keys()) this.#cancel(name)
    const socket = this.#socket
    this.#socket = undefined
    // Closed while it opens, the browser would complain. It is closed as soon as it is open.
    if (socket?.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close()
    else socket?.close()
  }

  async #connect(): Promise<void> {
    try {
      const { ticket } = await ask<{ ticket: string }>('POST', '/v1/live', {
        signal: this.#abort.signal,
      })
      if (this.#isStopped) return
      this.#open(ticket)
    } catch (error) {
      if (this.#isStopped) return
      poolError.value = error
      this.#lost()
    }
  }

  #open(ticket: string): void {
    const address = new URL(`/v1/live?ticket=${encodeURIComponent(ticket)}`, location.href)
    address.protocol = address.protocol.replace('http', 'ws')
    const socket = new WebSocket(address)
    this.#socket = socket
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket && typeof data === 'string') this.#hear(data)
    }
    socket.onclose = () => {
      if (socket !== this.#socket) return
      this.#socket = undefined
      this.#cancel('ping')
      this.#lost()
    }
  }

  #hear(data: string): void {
    if (data === 'pong') return
    this.#failures = 0
    this.#cancel('poll')
    liveState.value = 'live'
    poolError.value = undefined
    this.#ping()
    this.#take(JSON.parse(data) as LiveMessage)
  }

  #ping(): void {
    this.#after('ping', PING_MS, () => {
      if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send('ping')
      this.#ping()
    })
  }

  /** There is no socket. Asks at once and every ten seconds, and tries a socket again after a pause that doubles. */
  #lost(): void {
    if (this.#isStopped || liveState.value === 'paused') return
    liveState.value = 'polling'
    this.#failures += 1
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1))
    this.#after('connect', pause * (0.8 + Math.random() * 0.4), () => void this.#connect())
    if (!this.#timers.has('poll')) void this.#poll()
  }

  async #poll(): Promise<void> {
    if (liveState.value !== 'live') this.#after('poll', POLL_MS, () => void this.#poll())
    try {
      const path = isOperator.value && !chosenTenant.value ? '/admin/pool' : '/v1/pool'
      const answer = await ask<Pool>('GET', path, { signal: this.#abort.signal })
      this.#take({ type: 'pool', ...answer })
      poolError.value = undefined
    } catch (error) {
      if (!this.#isStopped) poolError.value = error
    }
  }

  #take(message: LiveMessage): void {
    if (message.type === 'pool') {
      this.#accounts.clear()
      for (const account of message.accounts) this.#accounts.set(keyOf(account), account)
      this.#frame = { at: message.at, isWhole: message.isWhole }
      return this.#draw()
    }
    if (message.type === 'account') this.#accounts.set(keyOf(message.account), message.account)
    else if (message.type === 'removed') this.#accounts.delete(keyOf(message))
    if (!this.#timers.has('draw')) this.#after('draw', DRAW_MS, () => this.#draw())
  }

  #draw(): void {
    this.#cancel('draw')
    if (this.#isStopped || !this.#frame) return
    pool.value = { ...this.#frame, accounts: [...this.#accounts.values()] }
  }

  #after(name: string, ms: number, run: () => void): void {
    this.#cancel(name)
    this.#timers.set(
      name,
      setTimeout(() => {
        this.#timers.delete(name)
        run()
      }, ms)
    )
  }

  #cancel(name: string): void {
    clearTimeout(this.#timers.get(name))
    this.#timers.delete(name)
  }
}
