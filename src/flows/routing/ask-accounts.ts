/**
 * Asks several accounts the same thing, a few at a time, and reads their whole answers. All of them together have one
 * deadline. Who lets it pass is given up, is missing from the answer, and is hardly waited for by the next reads.
 */
import { parseJson } from '#domain/text/json-text.ts'
import type { Account } from '#domain/accounts/account.ts'
import { headersUp, withoutConditions } from '#domain/text/headers.ts'
import type { Fault, Finding } from '#domain/accounts/park-after-refusal.ts'
import { findParking, type Parking } from '#domain/accounts/parking.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { IdSearch, Provider } from '#providers/contract/provider.ts'
import { blame, faultOf, rowOf } from '#flows/accounts/judge-refusal.ts'
import { limitConcurrency } from '#flows/upstream/limit-concurrency.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { judgeFor, sendOn } from './send-on.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'

/** Six connections are what one invocation may hold. */
const AT_ONCE = 6
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

export interface Asked {
  account: Account
  /** Undefined: it could not be reached, took too long, or answered more than can be looked at. */
  answer?: { response: Response; text: string; json: unknown }
  /** It refused the call in a way that may be the account's own. */
  fault?: Omit<Fault, 'mayPark'>
  /** What was found of it; only one account is asked about. */
  finding?: Finding
  /** It is parked for this call and was not asked. */
  parking?: Parking
  /** It took too long. */
  isLate?: true
}

/** One read of a client over several accounts, however often it asks them: its deadline, and whom it has given up. */
export class ReadTogether {
  readonly late: AbortSignal
  readonly gaveUp = new Set<string>()
  /** Nobody's own question: that there are too many of them parks nothing. */
  readonly isSearch: boolean
  readonly #endsAt: number

  constructor(ports: Ports, { isSearch = false }: { isSearch?: boolean } = {}) {
    this.isSearch = isSearch
    this.late = AbortSignal.timeout(ports.durations.togetherMs)
    this.#endsAt = ports.now() + ports.durations.togetherMs
  }

  /** The more queue behind an account, the sooner it is given up. */
  patienceMs(ports: Ports, behind: number): number {
    const left = Math.max(0, this.#endsAt - ports.now())
    return Math.max(ports.durations.slowMs, left / (Math.ceil(behind / AT_ONCE) + 1))
  }
}

/** `callOf` says what each is asked; the same account may stand there more than once. */
export async function askAccounts(
  ports: Ports,
  accounts: readonly Account[],
  callOf: (account: Account, index: number) => ProxyCall,
  read = new ReadTogether(ports)
): Promise<Asked[]> {
  const asked: Asked[] = accounts.map((account) => ({ account }))
  const { prompt, hung } = inTurn(ports, accounts)
  const hurry: { signal?: AbortSignal } = {}
  const askOne = async (index: number, patience: () => AbortSignal): Promise<void> => {
    const account = accounts[index]
    if (!account || read.gaveUp.has(account.key)) return
    asked[index] = await ask(ports, account, callOf(account, index), read, patience())
  }
  // Together they get a second, from the first one's start.
  const hurried = () => (hurry.signal ??= AbortSignal.timeout(ports.durations.hungMs))
  await limitConcurrency([...prompt, ...hung], AT_ONCE, (index, behind) => {
    const isHung = hung.includes(index)
    const patienceMs = read.patienceMs(ports, Math.max(0, behind - hung.length))
    return askOne(index, isHung ? hurried : () => AbortSignal.timeout(patienceMs))
  })
  await blameOne(ports, asked, read)
  return asked
}

/** Places in the list of accounts: those that did not answer the last time come last, in any order, save one a minute. */
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

/** Of the accounts that refuse, the first is asked about, and at most one is parked. */
async function blameOne(ports: Ports, asked: Asked[], { isSearch }: ReadTogether): Promise<void> {
  const one = asked.find(({ fault }) => fault && !(isSearch && fault.order.reason === 'busy'))
  if (one?.fault) one.finding = await blame(ports, one.account, one.fault)
}

/** A parked account is not asked: it counts as one that cannot answer. */
async function ask(
  ports: Ports,
  account: Account,
  call: ProxyCall,
  read: ReadTogether,
  patience: AbortSignal
): Promise<Asked> {
  const now = ports.now()
  // A key without the scope is asked all the same: where all lack it, the provider's own word is the answer.
  const part = call.provider.accounts.credentialKindFor?.(call.path)
  const wish = { isJob: false, row: rowOf(call), part, despite: 'scope' } as const
  const parking = findParking(ports.hints.parkings(account.key, now), wish, now)
  if (parking) return { account, parking }
  // Who was asked a moment before the deadline has not hung.
  const fair = AbortSignal.timeout(ports.durations.hungMs)
  const late = AbortSignal.any([read.late, patience])
  const signal = call.signal ? AbortSignal.any([call.signal, late]) : late
  try {
    const found = await orAborted(receive(ports, call, account, signal), signal)
    ports.hints.noteAnswered(account.key)
    return found
  } catch {
    if (!late.aborted) return { account }
    read.gaveUp.add(account.key)
    if (fair.aborted && !ports.hints.isHung(account.key)) ports.hints.noteHung(account.key, now)
    return { account, isLate: true }
  }
}

async function receive(
  ports: Ports,
  call: ProxyCall,
  account: Account,
  signal: AbortSignal
): Promise<Asked> {
  const asking = { ...call, headers: withoutConditions(call.headers) }
  const response = await sendOn(ports, asking, account, signal)
  const bytes = await readBytes(response.body, ANSWER_BYTES_MAX)
  if (!bytes) return { account }
  const text = new TextDecoder().decode(bytes)
  const json = parseJson(text)
  // An answer that cannot be read is none: the account counts as missing.
  if (response.ok && json === undefined) return { account }
  const { status, headers } = response
  const { match } = call
  const judged = { status, headers, body: json, isJobCall: false, now: ports.now(), match }
  const fault = faultOf(call, judgeFor(call, judged))
  return { account, answer: { response, text, json }, ...(fault ? { fault } : {}) }
}

/** Also what does not heed the signal, as a log-in or a question to an object, is not waited for any longer. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason as Error)
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
    work.then(resolve, reject)
  })
}

/** A read of our own on behalf of a call. */
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
