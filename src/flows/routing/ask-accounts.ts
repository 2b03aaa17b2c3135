/**
 * Sends one read to several accounts, six at a time, and reads their whole answers. There is one deadline for all of them.
 * An account that misses it is left out of the answer, and the next reads give it only a short time.
 */
import { parseJson } from '#domain/text/json-text.ts'
import type { Account } from '#domain/accounts/account.ts'
import { headersUp, withoutConditions } from '#domain/text/headers.ts'
import type { SuspectedFault, CheckResult } from '#domain/accounts/park-after-refusal.ts'
import { importedParking } from '#domain/accounts/imported.ts'
import { findParking, type Parking } from '#domain/accounts/parking.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { IdSearch, Provider } from '#providers/contract/provider.ts'
import { reportRefusal, suspectedFaultOf, rowOf } from '#flows/accounts/report-refusal.ts'
import { limitConcurrency } from '#flows/upstream/limit-concurrency.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { judgeFor, sendOn } from './send-on.ts'
import { readAnswer } from '#flows/upstream/read-answer.ts'

/** A Worker invocation can hold six connections. */
const AT_ONCE = 6
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

interface WholeAnswer {
  status: number
  text: string
  json: unknown
  /** The answer without its body, with the headers that may go down. Made when it is called: only one answer of a read is passed on. */
  forClient(): Response
}

export interface Asked {
  account: Account
  /** Undefined: the account could not be reached, took too long, or its answer was too large. */
  answer?: WholeAnswer
  /** Set when the refusal may be the account's fault. */
  fault?: Omit<SuspectedFault, 'mayPark'>
  /** What checking that fault found. Only one account of a read is checked. */
  finding?: CheckResult
  /** The account is parked for this call, so it was not asked. */
  parking?: Parking
  /** The account missed the deadline. */
  isLate?: true
}

/** The deadline of one client's read over several accounts, and the accounts that missed it. */
export class ReadTogether {
  readonly late: AbortSignal
  readonly gaveUp = new Set<string>()
  /** The client did not ask for this read itself, so a 429 answer to it parks nothing. */
  readonly isSearch: boolean
  readonly #endsAt: number

  constructor(ports: Ports, { isSearch = false }: { isSearch?: boolean } = {}) {
    this.isSearch = isSearch
    this.late = ports.timeoutSignal(ports.durations.togetherMs)
    this.#endsAt = ports.now() + ports.durations.togetherMs
  }

  /** How long to wait for one account, in ms. The more accounts still queue behind it, the shorter. */
  patienceMs(ports: Ports, behind: number): number {
    const left = Math.max(0, this.#endsAt - ports.now())
    return Math.max(ports.durations.slowMs, left / (Math.ceil(behind / AT_ONCE) + 1))
  }
}

/**
 * `callOf` makes the call for each place in `accounts`, which may name an account more than once. `isEnough`: told of each answer;
 * after it was true no further account is asked.
 */
export async function askAccounts(
  ports: Ports,
  accounts: readonly Account[],
  callOf: (account: Account, index: number) => ProxyCall,
  read = new ReadTogether(ports),
  isEnough: (one: Asked, index: number) => boolean = () => false
): Promise<Asked[]> {
  const asked: Asked[] = accounts.map((account) => ({ account }))
  const { prompt, hung } = inTurn(ports, accounts)
  const hurry: { signal?: AbortSignal } = {}
  const asking = new Map<Headers, Headers>()
  const plainCall = (account: Account, index: number): ProxyCall => {
    const call = callOf(account, index)
    const headers = asking.get(call.headers) ?? withoutConditions(call.headers)
    asking.set(call.headers, headers)
    return { ...call, headers }
  }
  let isOver = false
  const askOne = async (index: number, patience: () => AbortSignal): Promise<void> => {
    const account = accounts[index]
    if (isOver || !account) return
    if (read.gaveUp.has(account.key)) return void (asked[index] = { account, isLate: true })
    const one = await ask(ports, account, plainCall(account, index), read, patience())
    asked[index] = one
    isOver ||= isEnough(one, index)
  }
  // All accounts that did not answer last time share one second, which starts with the first of them.
  const hurried = () => (hurry.signal ??= ports.timeoutSignal(ports.durations.hungMs))
  await limitConcurrency([...prompt, ...hung], AT_ONCE, (index, behind) => {
    const isHung = hung.includes(index)
    const patienceMs = read.patienceMs(ports, Math.max(0, behind - hung.length))
    return askOne(index, isHung ? hurried : () => ports.timeoutSignal(patienceMs))
  })
  await blameOne(ports, asked, read)
  return asked
}

/** The order in which to ask. Accounts that did not answer last time come last, shuffled. One of them a minute is asked as normal. */
function inTurn(ports: Ports, accounts: readonly Account[]): { prompt: number[]; hung: number[] } {
  const places = [...accounts.keys()]
  const isHung = (place: number) => ports.hints.isHung(accounts[place]?.key ?? '')
  const hung = places.filter(isHung)
  const probed = hung.find((place) => ports.hints.mayProbe(accounts[place]?.key ?? '', ports.now()))
  const others = hung.filter((place) => place !== probed)
  const from = Math.floor(ports.random() * others.length)
  return {
    prompt: places.filter((place) => place === probed || !isHung(place)),
    hung: [...others.slice(from), ...others.slice(0, from)],
  }
}

/** Checks the first account that refused. At most one account is parked for a request. */
async function blameOne(ports: Ports, asked: Asked[], { isSearch }: ReadTogether): Promise<void> {
  const one = asked.find(({ fault }) => fault && !(isSearch && fault.order.reason === 'busy'))
  if (one?.fault) one.finding = await reportRefusal(ports, one.account, one.fault)
}

/** Asks one account. A parked account is not asked and counts as one that cannot answer. */
async function ask(
  ports: Ports,
  account: Account,
  call: ProxyCall,
  read: ReadTogether,
  patience: AbortSignal
): Promise<Asked> {
  const now = ports.now()
  // An account parked for a missing scope is asked anyway: if all keys lack the scope, the client gets the provider's refusal.
  const part = call.provider.accounts.credentialKindFor?.(call.path)
  const wish = { isJob: false, row: rowOf(call), part, despite: 'scope' } as const
  const parking =
    importedParking(account) ?? findParking(ports.hints.parkings(account.key, now), wish, now)
  if (parking) return { account, parking }
  const limits = [read.late, patience]
  const signal = AbortSignal.any(call.signal ? [call.signal, ...limits] : limits)
  try {
    const found = await orAborted(receive(ports, call, account, signal), signal)
    ports.hints.markAnswered(account.key)
    return found
  } catch {
    if (!limits.some(({ aborted }) => aborted)) return { account }
    read.gaveUp.add(account.key)
    // An account that was asked only just before the deadline does not count as slow. Its own time is longer than that.
    const isFair = patience.aborted || ports.now() - now >= ports.durations.hungMs
    if (isFair && !ports.hints.isHung(account.key)) ports.hints.markHung(account.key, now)
    return { account, isLate: true }
  }
}

async function receive(
  ports: Ports,
  call: ProxyCall,
  account: Account,
  signal: AbortSignal
): Promise<Asked> {
  let clean: (answer: Response) => Response = withoutHeaders
  const response = await sendOn(ports, call, account, signal, {
    cleanLater: (how) => {
      clean = how
    },
  })
  const bytes = await readAnswer(response, ANSWER_BYTES_MAX)
  if (!bytes) return { account }
  const text = new TextDecoder().decode(bytes)
  const json = parseJson(text)
  // A 2xx that is not JSON counts as no answer.
  if (response.ok && json === undefined) return { account }
  const { status, headers } = response
  const { match } = call
  const judged = { status, headers, body: json, isJobCall: false, now: ports.now(), match }
  const fault = suspectedFaultOf(call, judgeFor(call, judged), status)
  const forClient = () => clean(new Response(null, { status, headers }))
  return { account, answer: { status, text, json, forClient }, ...(fault ? { fault } : {}) }
}

function withoutHeaders({ status }: Response): Response {
  return new Response(null, { status })
}

/** Stops waiting when the signal aborts, even if the work ignores the signal, as a log-in or a call to an object does. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason as Error)
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
    work.then(resolve, reject)
  })
}

/** A read that the gateway makes itself on behalf of a client's call. */
export function readCall(provider: Provider, call: ProxyCall, { path, body }: IdSearch): ProxyCall {
  const method = body === undefined ? 'GET' : 'POST'
  const headers = new Headers({ accept: 'application/json' })
  if (body !== undefined) headers.set('content-type', 'application/json')
  const [pathname, search] = path.split('?') as [string, string | undefined]
  return {
    origin: call.origin,
    requestId: call.requestId,
    tenant: call.tenant,
    provider,
    match: provider.routes.match(method, pathname),
    method,
    path: pathname,
    search: search === undefined ? '' : `?${search}`,
    headers: headersUp(headers),
    body: body === undefined ? null : new Uint8Array(new TextEncoder().encode(body)),
    ...(call.signal ? { signal: call.signal } : {}),
  }
}
