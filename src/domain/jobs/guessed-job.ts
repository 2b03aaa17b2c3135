/**
 * Guesses from the answer which job a POST on a path without a row has started (contract 14.8). A guess may be wrong. So a status
 * check must prove it soon, guesses hold at most half of an account's slots, and a guess is given up sooner than a known job.
 * Pure.
 */
import { textAt } from '#domain/text/json-pointer.ts'
import {
  guessesMax,
  heldSlots,
  newLease,
  NO_CHANGE,
  release,
  type Change,
  type Lease,
  type LeaseAsk,
  type Ledger,
} from '#domain/slots/lease.ts'
import type { Guess } from '#domain/slots/unknown-row.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** `ask`, `askElse`: status paths. `watch`: the names under which reports about the job come. */
export interface GuessedStart {
  jobId: string
  watch: string[]
  ask: string
  askElse?: string
}

/**
 * Makes the call's lease the lease of the guessed job. If guesses already hold half of the slots, the lease is released instead.
 * `ask`: the lease request from which a lease is made for a call that took longer than its lease.
 */
export function keepGuess(
  ledger: Ledger,
  requestId: string,
  start: GuessedStart,
  now: number,
  durations: Durations,
  ask?: LeaseAsk
): { isKept: boolean; change: Change } {
  const known = ledger.leases.find((one) => one.requestId === requestId)
  // The Worker asks again, because the first answer was lost.
  if (known?.guess) return { isKept: true, change: NO_CHANGE }
  const lease = known ?? (ask && newLease(ask, 0, now, durations))
  if (!lease) return { isKept: false, change: NO_CHANGE }
  const others = ledger.leases.filter((one) => one !== known)
  const held = (leases: readonly Lease[]) => heldSlots({ ...ledger, leases }, now)
  const guesses = held(others.filter((one) => one.guess))
  // A call that took longer than its lease may have lost its slot to another call.
  const isFull = held(others) + 1 > ledger.maxJobs
  if (guesses + 1 > guessesMax(ledger.maxJobs) || isFull || ledger.isRetired)
    return { isKept: false, change: release(ledger, requestId) }
  const { deadlineAt: _, mayBeJob: __, ...rest } = lease
  const guess: Guess = { until: now + durations.guessProvedMs }
  const nextAt = now + durations.guessAskMs
  const job = {
    ...rest,
    ...start,
    kind: 'job',
    state: 'running',
    lastReportAt: now,
    nextAt,
  } as const
  return { isKept: true, change: { put: [{ ...job, guess }], drop: [], ended: [] } }
}

/** Whether no status of the guessed job was read yet. */
export function isUnprovedGuess(lease: Lease): boolean {
  return lease.guess?.until !== undefined
}

/** When the guess is checked next, at the latest when it is dropped. */
export function nextGuessCheckAt({ guess }: Lease, now: number, durations: Durations): number {
  return Math.min(now + durations.guessAskMs, Math.max(now + 1, guess?.until ?? Infinity))
}

/** Status words of work that has begun and is not over. Not `active` or `new`, which also describe finished things. */
export const PENDING: ReadonlySet<string> = new Set([
  'accepted',
  'generating',
  'in_progress',
  'in_queue',
  'pending',
  'processing',
  'queued',
  'rendering',
  'running',
  'scheduled',
  'started',
  'starting',
  'submitted',
  'training',
  'waiting',
])

/** Where answers of both providers have their status. */
export const STATUS_AT = ['/data/status', '/data/task_status', '/status']

const ID_NAME = /(^|_)id$/
/** Names of ids of the caller or of the call, not of a created thing. */
const CALLERS =
  /^(request|trace|user|account|workspace|space|team|org|organization|owner|callback)_id$/
const CLIENTS_OWN = /^(external|client)_/
/** Names of ids of resources that the call used, which may be public. */
const SHARED =
  /^(avatar|look|group|voice|template|model|brand_voice|brand_glossary|brand_kit|asset)_id$/
const ID_CHARS_MAX = 200
const IDS_MAX = 20

/** Whether a text looks like an id. Words, page numbers and flags do not: a recorded id decides the account of later calls. */
function isIdLike(text: string): boolean {
  if (text.length < 4 || text.length > ID_CHARS_MAX || !/^[\w.:@=+/~-]+$/.test(text)) return false
  return /^\d+$/.test(text) ? text.length >= 6 : /\d/.test(text) || text.length >= 16
}

/**
 * The ids at the top of an answer that may name the created thing, most likely first. `asked`: the texts of the request, which an
 * answer may repeat.
 */
export function createdIds(answer: unknown, asked: ReadonlySet<string>): string[] {
  const data = (answer as { data?: unknown } | null | undefined)?.data
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return []
  const named = Object.entries(data).flatMap(([name, value]): [string, string][] => {
    const isText = typeof value === 'string' || typeof value === 'number'
    const id = isText ? String(value) : ''
    const isMade = ID_NAME.test(name) && !CALLERS.test(name) && !CLIENTS_OWN.test(name)
    return isMade && isIdLike(id) && !asked.has(id) ? [[name, id]] : []
  })
  const own = named.filter(([name]) => name !== 'id' && !SHARED.test(name))
  const plain = named.filter(([name]) => name === 'id')
  // An id of a shared kind counts as the created thing only if the answer names nothing else.
  const rest = own.length + plain.length === 0 ? named : []
  return [...new Set([...plain, ...own, ...rest].map(([, id]) => id))].slice(0, IDS_MAX)
}

/** Whether an answer says that a job has begun. */
export function saysPending(status: number, answer: unknown): boolean {
  if (status === 202) return true
  if (status < 200 || status >= 300) return false
  const words = ['/data/status', '/data/task_status'].map((at) => textAt(answer, at))
  return words.some((word) => word !== undefined && PENDING.has(word.toLowerCase()))
}

/**
 * Last segments of POST paths that read, change or end existing things. Not edit, restore, filter, export or read, because
 * generators have these names, too.
 */
const READS_OR_EDITS = new Set(
  (
    'abort archive cancel check close count delete details exists find get info list lookup move ' +
    'pause query remove rename reorder search status statuses stop trash unarchive unpublish ' +
    'unshare untrash update validate verify'
  ).split(' ')
)

/** Whether a path only reads or edits, such as `/v3/things/search`, `/v1/thing.list` or `/v2/things:query`. */
export function readsOrEdits(path: string): boolean {
  const last = plainPathOf(path).split('/').at(-1)?.toLowerCase() ?? ''
  return READS_OR_EDITS.has(last.split(/[.:]/).at(-1) ?? '')
}

/** A path in the form in which paths are compared: decoded, without a slash at the end. */
export function plainPathOf(path: string): string {
  return path.replace(/\/+$/, '').split('/').map(decodeURIComponent).join('/')
}

/** The name under which reports from a status path without a row come. */
export function watchOfPath(path: string): string {
  return `unknown:${plainPathOf(path)}`
}

/** Texts of a call that may be ids: segments of its path, values of its query, members of its body named `…_id`. */
export function idsNamed(path: string, search: string, body: unknown): string[] {
  const segments = plainPathOf(path)
    .split('/')
    .filter((segment) => !/^(v\d+)?$/.test(segment))
  const values = [...new URLSearchParams(search).values()].flatMap((value) => value.split(','))
  const members = isRecord(body)
    ? Object.entries(body).flatMap(([name, value]) =>
        name.endsWith('_id') && typeof value === 'string' ? [value] : []
      )
    : []
  const all = [...segments, ...values, ...members].map((text) => text.trim())
  const fit = all.filter(isIdLike)
  return [...new Set(fit)].slice(0, IDS_MAX)
}

/** Every short text and number of a request. */
export function requestTexts(path: string, search: string, body: unknown): Set<string> {
  const texts = new Set(idsNamed(path, search, undefined))
  const open: unknown[] = [body]
  for (let seen = 0; open.length > 0 && seen < 10_000; seen += 1) {
    const value = open.pop()
    if (typeof value === 'string' && value.length <= ID_CHARS_MAX) texts.add(value)
    else if (typeof value === 'number') texts.add(String(value))
    else if (typeof value === 'object' && value !== null)
      open.push(...Object.values(value).slice(0, 1000))
  }
  return texts
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
