/**
 * Moves the clock of a gateway that has one (CLOCKED, or counting-worker.ts) together with its simulator's. Nothing becomes due
 * by itself, however slow the machine is. When `advance` resolves, everything that became due has been done.
 */
import { callControl } from '../renewed/control.ts'
import type { Gateway } from '../gateway.ts'

export { CLOCKED } from '../renewed/entries.ts'
export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

interface Clock {
  now: number
  /** Pauses that wait for this clock. There is one for each client that waits for a slot. */
  timers: number
  /** Calls of the gateway to the provider and to receivers that have no answer yet. */
  calls: number
  /** When something is due next. null: the clock runs by itself, or nothing is due. */
  next: number | null
}

async function ask(gateway: Gateway, change?: object): Promise<Clock> {
  const method = change ? 'POST' : 'GET'
  const { status, text } = await callControl(method, `${gateway.url}/__clock`, change)
  if (status !== 200) throw new Error(`the clock: ${status} ${text}`)
  return JSON.parse(text) as Clock
}

export async function clockOf(gateway: Gateway): Promise<Clock> {
  return ask(gateway)
}

/** Stops the clock. From now on time passes for this gateway only by `advance`. */
export async function stopClock(gateway: Gateway): Promise<void> {
  await ask(gateway, { stopped: true })
}

/** A gateway that was opened with such a clock, after its clock was stopped. */
export async function stopped(opening: Promise<Gateway>): Promise<Gateway> {
  const gateway = await opening
  await stopClock(gateway)
  return gateway
}

/** Moves the simulator's clock first, so that it answers the gateway's calls for the same moment. */
export async function advance(gateway: Gateway, ms: number): Promise<void> {
  await gateway.sim.control('POST', '/clock', { advanceMs: ms })
  await ask(gateway, { advanceMs: ms })
}

const LONGEST_JUMP_MS = 10 * MINUTE

/**
 * Moves the clock in steps that are shorter than the shortest wait, so that each alarm runs at its time. Calls `each` after every
 * step. Without `each`, steps in which nothing is due become one step.
 */
export async function pass(
  gateway: Gateway,
  ms: number,
  { stepMs = 15 * SECOND, each }: { stepMs?: number; each?: () => Promise<void> } = {}
): Promise<void> {
  for (let passedMs = 0; passedMs < ms;) {
    const step = each ? stepMs : await stepOf(gateway, stepMs, ms - passedMs)
    await advance(gateway, step)
    passedMs += step
    await each?.()
  }
}

/**
 * The time until something is due next, in whole steps. One step while anything is under way, since that may set an earlier time.
 */
async function stepOf(gateway: Gateway, stepMs: number, leftMs: number): Promise<number> {
  const { now, next, calls } = await clockOf(gateway)
  if (next === null || calls > 0) return stepMs
  const mostMs = Math.max(stepMs, Math.min(next - now, leftMs, LONGEST_JUMP_MS))
  return Math.ceil(mostMs / stepMs) * stepMs
}

/** Moves the clock in such steps until `what` returns a value, for at most `mostMs` of that clock. */
export async function untilMoved<T>(
  gateway: Gateway,
  what: () => Promise<T | false | undefined>,
  mostMs = HOUR,
  stepMs = 15 * SECOND
): Promise<T> {
  for (let passedMs = 0; ;) {
    const value = await what()
    if (value) return value
    if (passedMs > mostMs) throw new Error(`did not happen in ${mostMs} ms of the moved clock`)
    const step = await stepOf(gateway, stepMs, Math.max(stepMs, mostMs - passedMs))
    await advance(gateway, step)
    passedMs += step
  }
}
