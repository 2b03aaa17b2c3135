/**
 * Puts the world in the place of the platform's globals, once per process: clock, randomness, timers, `fetch`, WebCrypto, the log, and
 * what Workers have and Node has not. Each asks the world that runs at present.
 */
import { subtle } from './crypto.ts'
import { Dead } from './disk.ts'
import { takeSockets } from './sockets.ts'
import type { Network } from './network.ts'
import { currentParty } from '../world/party.ts'
import type { WorldEvent } from '../world/queue.ts'
import type { World } from '../world/world.ts'

let present: { world: World; network: Network } | undefined

/** The world whose turns run from now on. */
export function enter(world: World, network: Network): void {
  present = { world, network }
}

function worldNow(): World {
  if (!present) throw new Error('no world runs')
  return present.world
}

interface Timer {
  event: WorldEvent
  stop(): void
}

function startTimer(work: (...values: unknown[]) => void, ms = 0, ...values: unknown[]): Timer {
  const party = currentParty()
  if (party) party.pending += 1
  let isOver = false
  const end = () => {
    if (isOver) return
    isOver = true
    if (party) party.pending -= 1
  }
  const event = worldNow().after(Math.max(0, ms), 'timer', party, () => {
    end()
    work(...values)
  })
  const stop = () => {
    event.isDropped = true
    end()
  }
  return { event, stop }
}

function randomBytes<T extends Uint8Array>(bytes: T): T {
  const { chance } = worldNow()
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = chance.index('bytes', 256)
  return bytes
}

function newId(): string {
  const hex = worldNow().chance.hex('ids', 32)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

function timeoutSignal(ms: number): AbortSignal {
  const controller = new AbortController()
  startTimer(
    () => controller.abort(new DOMException('The operation timed out', 'TimeoutError')),
    ms
  )
  return controller.signal
}

const STACK = /"stack":"(?:[^"\\]|\\.)*"/

/** A stream of exactly so many bytes. */
class FixedLengthStream extends TransformStream<Uint8Array, Uint8Array> {
  constructor(bytes: number) {
    let left = Number(bytes)
    super({
      transform: (chunk, controller) => {
        left -= chunk.byteLength
        if (left < 0) throw new TypeError('Attempt to write too many bytes.')
        controller.enqueue(chunk)
      },
      flush: () => {
        if (left !== 0) throw new TypeError('The stream did not see all expected bytes.')
      },
    })
  }
}

export function takeGlobals(): void {
  takeSockets(worldNow)
  // Also what `queueMicrotask` throws.
  const noteUncaught = (error: unknown) => {
    if (error instanceof Dead) return
    if (!present) throw error
    present.world.errors.push(`nobody caught: ${String((error as Error | null)?.stack ?? error)}`)
  }
  process.on('unhandledRejection', noteUncaught)
  process.on('uncaughtException', noteUncaught)
  const log = (text: unknown) => {
    const { world } = present ?? {}
    if (!world || !currentParty()) return void process.stdout.write(`${String(text)}\n`)
    if (currentParty()?.isDead) return
    world.logs.push(String(text))
    // A stack also names who plays the seed.
    world.note('log', String(text).replace(STACK, ''))
  }
  Object.assign(console, { log, warn: log, error: log })
  Date.now = () => worldNow().clockOf()
  Math.random = () => worldNow().chance.next('random')
  const { CryptoKey } = globalThis
  Object.defineProperty(globalThis, 'crypto', {
    value: { subtle, getRandomValues: randomBytes, randomUUID: newId, CryptoKey },
  })
  AbortSignal.timeout = timeoutSignal
  Object.assign(globalThis, {
    setTimeout: startTimer,
    clearTimeout: (timer?: Timer) => timer?.stop(),
    fetch: (input: string, init?: RequestInit) => present?.network.fetch(input, init),
    FixedLengthStream,
  })
}
