/** Carries one older call by newer ones: gives its row what it may ask, and makes the client's answer. */
import { findAccount } from '#domain/accounts/account.ts'
import { RefusedByNewer } from '#domain/legacy/refused.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { joinRepeat } from '#flows/repeats/join-repeats.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { drain, readBytes } from '#flows/upstream/read-answer.ts'
import type { LegacyCall, LegacyRow, NewerAnswer, NewerCall } from '#providers/contract/provider.ts'
import { askTogether } from './ask-together.ts'
import { earlierCreation } from './earlier-creation.ts'
import { PUBLIC_PAGES_MAX, QUESTIONS_MAX, type ListReader } from './list-reader.ts'
import { newerCall, replyFor, type Ask } from './newer-call.ts'
import { readAll } from './read-all.ts'
import { sendFile } from './send-file.ts'

type Carried = Extract<LegacyRow, { carry: unknown }>

const ANSWER_BYTES_MAX = 16 * 1024 * 1024
const REMEMBERED_MS = 60 * 60 * 1000

/** What the newer calls of one older call have shown so far. */
interface Trip {
  by: Set<string>
  lost: Set<string>
  email?: string
  jobIds: Set<string>
  /** The provider's ids of those of them that are names of ours. */
  providerJobIds: Set<string>
  partial?: string
  /** How many creations were accepted and refused. */
  creations: number
  refusals: number
  /** A creation was queued. `isAsked`: its client asked for that, so it is told (202). */
  queued?: { isAsked: boolean }
  /** What is known of its start. */
  waits?: ProxyAnswer['waits']
}

export async function carryCall(
  ports: Ports,
  call: ProxyCall,
  row: Carried,
  ask: Ask
): Promise<ProxyAnswer> {
  // A file cannot be read twice, and an upload costs nothing, so it is never a repeat.
  if (row.isUpload) return runUpload(ports, call, row, ask)
  const read = call as ReadCall
  if (read.body?.byteLength && !isObject(read.json)) {
    throw new AppError('bad_request', 'The body must be a JSON object.')
  }
  if (call.method !== 'POST') return run(ports, read, row, ask)
  const again = (repeats: string) => run(ports, { ...read, repeats }, row, ask)
  return joinRepeat(ports, read, () => run(ports, read, row, ask), again)
}

/** The largest file that the older calls took. A client that sends one sees the refusal only after it was read. */
const DRAINED_BYTES_MAX = 100 * 1024 * 1024

async function runUpload(
  ports: Ports,
  call: ProxyCall,
  row: Carried,
  ask: Ask
): Promise<ProxyAnswer> {
  const { body } = call
  try {
    return await run(ports, call, row, ask)
  } catch (error) {
    if (body instanceof ReadableStream && !body.locked) await drain(body, DRAINED_BYTES_MAX)
    throw error
  }
}

async function run(ports: Ports, call: ProxyCall, row: Carried, ask: Ask): Promise<ProxyAnswer> {
  const trip: Trip = {
    by: new Set(),
    lost: new Set(),
    jobIds: new Set(),
    providerJobIds: new Set(),
    creations: 0,
    refusals: 0,
  }
  try {
    const body = await row.carry(legacyCall(ports, call, trip, ask))
    return answerOf(call, trip, trip.queued?.isAsked ? 202 : 200, body)
  } catch (error) {
    if (!(error instanceof RefusedByNewer)) throw error
    // An account that could not be asked may have what the others lack.
    if (error.answer.status === 404 && trip.partial !== undefined)
      throw new AppError('upstream_unreachable', `${trip.partial} could not be asked.`)
    const { legacy } = call.provider
    if (!legacy) throw error
    const { status, body } = legacy.refusal(call.path, error.answer)
    return answerOf(call, trip, status, body, error.answer.retryAfter)
  }
}

function legacyCall(ports: Ports, call: ProxyCall, trip: Trip, ask: Ask): LegacyCall {
  const { provider, tenant } = call
  const send = (newer: NewerCall) => sendNewer(ports, call, trip, ask, newer)
  const sendOrRefuse = async (newer: NewerCall) => orRefuse(await send(newer))
  const sendToEach = async (newer: NewerCall): Promise<NewerAnswer[]> => {
    const together = await askTogether(ports, newerCall(call, newer, trip, call.reply))
    if (!together) return [await sendOrRefuse(newer)]
    trip.by.add(`${newer.method} ${newer.path}`)
    orRefuse(await readAnswer(ports, call, trip, together.first))
    return together.bodies.map((body) => ({ status: 200, body }))
  }
  const json = 'json' in call ? call.json : undefined
  const { signal: _, own: __, ...lasting } = call
  const reader: ListReader = {
    ports,
    call,
    ask: sendOrRefuse,
    // Reading on for other calls does not end with this client, is not about one account, and reads what is public: as for any token.
    askAside: (newer) => sendNewer(ports, lasting, { ...trip }, ask, newer),
    lose: (what) => trip.lost.add(what),
    budget: { questions: QUESTIONS_MAX, publicPages: PUBLIC_PAGES_MAX },
  }
  return {
    path: call.path,
    params: call.match?.params ?? {},
    query: new URLSearchParams(call.search),
    body: isObject(json) ? json : {},
    ...(call.body instanceof ReadableStream ? { upload: uploadOf(call, call.body) } : {}),
    settings: ports.settings,
    now: ports.now(),
    ask: sendOrRefuse,
    tryAsk: send,
    askEach: sendToEach,
    readAll: (list) => {
      // Also when all rows come from a copy.
      trip.by.add(`GET ${list.path}`)
      return readAll(reader, list)
    },
    slotsOn: (email) => slotsOn(ports, call, email),
    lose: (...what) => what.forEach((one) => trip.lost.add(one)),
    remember: async <T>(name: string, make: () => Promise<T | undefined>) => {
      const key = `${provider.name}/${tenant}/${name}`
      const known = ports.memory.get(key, ports.now())
      if (known !== undefined) return known as T
      const made = await make()
      if (made !== undefined) ports.memory.set(key, made, ports.now() + REMEMBERED_MS)
      return made
    },
  }
}

function orRefuse(answer: Refusable): NewerAnswer {
  if (answer.status >= 400) throw new RefusedByNewer(answer)
  return answer
}

async function slotsOn(ports: Ports, { tenant, provider, repeats }: ProxyCall, email: string) {
  // What a repeat finds needs no slot.
  if (repeats !== undefined) return { most: Infinity, free: Infinity }
  const account = findAccount(await ports.accounts.list(tenant, provider.name), email)
  if (!account) throw new AppError('account_not_found', `Account ${email} not found`)
  const { maxJobs, held } = await ports.slots(account.key).view(tenant)
  return { most: maxJobs, free: Math.max(0, maxJobs - held) }
}

async function sendNewer(
  ports: Ports,
  call: ProxyCall,
  trip: Trip,
  ask: Ask,
  newer: NewerCall
): Promise<Refusable> {
  const made = newerCall(call, newer, trip, replyFor(ports, call, newer))
  const { route } = made.match ?? {}
  trip.by.add(`${newer.method} ${route?.path ?? newer.path}`)
  const { file } = newer
  const repeated =
    route?.job === undefined || call.repeats === undefined
      ? undefined
      : await earlierCreation(ports, made, newer, {
          repeats: call.repeats,
          number: trip.creations + 1,
        })
  const sent = () => (file ? sendFile(ports, made, file, ask) : ask(ports, made))
  const answer = await readAnswer(ports, made, trip, repeated ?? (await sent()))
  if (route?.job !== undefined) {
    if (answer.status < 400) trip.creations += 1
    else trip.refusals += 1
  }
  return answer
}

type Refusable = NewerAnswer & { retryAfter?: string }

async function readAnswer(
  ports: Ports,
  { provider, match, method }: ProxyCall,
  trip: Trip,
  { response, email, jobIds = [], providerJobIds = [], isQueued, waits }: ProxyAnswer
): Promise<Refusable> {
  const bytes = await readBytes(response.body, ANSWER_BYTES_MAX).catch(() => undefined)
  if (!bytes) {
    throw new AppError('upstream_unreachable', 'The answer of the provider could not be read.')
  }
  // Any account may say that it does not have something. Another one has done the work then.
  const hasNothing = response.status === 404 && trip.email !== undefined
  if (email !== undefined && !hasNothing) trip.email = email
  for (const id of jobIds) trip.jobIds.add(id)
  for (const id of providerJobIds) trip.providerJobIds.add(id)
  if (isQueued) trip.queued = { isAsked: trip.queued?.isAsked || response.status === 202 }
  if (waits) trip.waits = waits
  const partial = response.headers.get('x-gateway-partial')
  if (partial !== null) trip.partial = partial
  const retryAfter = response.headers.get('retry-after')
  const { status, headers } = response
  const body = parseJson(bytes)
  const judged = { status, headers, body, isJobCall: false, now: ports.now(), match }
  // A redirect, an error behind HTTP 200, or a read that breaks off shows nothing that the older answer could be made of.
  const isUnread = method === 'GET' && !isObject(body)
  const isRefusal = status < 400 && (isUnread || provider.answers.judge(judged).kind !== 'ok')
  return {
    status: isRefusal ? 502 : status,
    body,
    ...(email === undefined ? {} : { email }),
    ...(retryAfter === null ? {} : { retryAfter }),
  }
}

function answerOf(
  call: ProxyCall,
  trip: Trip,
  status: number,
  body: unknown,
  retryAfter?: string
): ProxyAnswer {
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  if (retryAfter !== undefined) headers.set('retry-after', retryAfter)
  if (trip.partial !== undefined) headers.set('x-gateway-partial', trip.partial)
  const text = call.method === 'HEAD' ? null : JSON.stringify(body)
  return {
    response: new Response(text, { status, headers }),
    ...(trip.email === undefined ? {} : { email: trip.email }),
    ...(trip.jobIds.size > 0 ? { jobIds: [...trip.jobIds] } : {}),
    ...(trip.providerJobIds.size > 0 ? { providerJobIds: [...trip.providerJobIds] } : {}),
    ...(trip.queued ? { isQueued: true } : {}),
    ...(trip.waits ? { waits: trip.waits } : {}),
    carried: { by: [...trip.by], lost: [...trip.lost] },
  }
}

function uploadOf({ headers, bodyBytes }: ProxyCall, body: ReadableStream<Uint8Array>) {
  if (!/^\s*(identity)?\s*$/i.test(headers.get('content-encoding') ?? '')) {
    throw new AppError('bad_request', 'Send the file without Content-Encoding.')
  }
  return {
    body,
    type: headers.get('content-type') ?? 'application/octet-stream',
    ...(bodyBytes === undefined ? {} : { bytes: bodyBytes }),
  }
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
