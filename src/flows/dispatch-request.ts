/** The entry of this layer: picks the flow for a client's call by the kind of its row. */
import { KEY_FORM } from '#domain/creations/idempotency.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { checkKind, kindOf } from '#flows/access/call-kinds.ts'
import { withAddedRow } from '#flows/routing/added-routes.ts'
import { withAssetsBrought } from '#flows/uploads/copy-needed-assets.ts'
import { isValidateOnly, validateOnly } from '#flows/creations/validate-only.ts'
import { endpointCommand, answerEndpointCall } from '#flows/events/webhook-endpoints.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { withPlainLists } from '#flows/routing/ids-in-call.ts'
import { runUnderKey } from '#flows/repeats/idempotency-key.ts'
import { serveLegacy } from '#flows/legacy/serve-legacy.ts'
import { refusalOfName } from '#flows/queue/client-task-names.ts'
import { namesWaiting, underRealIds } from '#flows/queue/named-call.ts'
import { mayQueue, queueJob } from '#flows/queue/queue-creation.ts'
import { withNamesInList } from '#flows/queue/translate-list.ts'
import { readTogether } from '#flows/lists/read-all-accounts.ts'
import { runGeneration } from '#flows/creations/run-generation.ts'
import { sendPlain } from '#flows/calls/send-plain.ts'
import { startJob } from '#flows/creations/start-job.ts'
import { startUnknownPath } from '#flows/creations/start-unknown-path.ts'
import { followSession } from '#flows/streaming/stream-session.ts'
import { giveStreamToken } from '#flows/streaming/stream-token.ts'
import { serveOwn } from '#flows/visibility/serve-own.ts'
import { readWhole } from '#flows/upstream/read-call.ts'

/**
 * Own tokens pass their gate first. A POST with an Idempotency-Key runs once, on any path, and runs to its end even if the client
 * disconnects.
 */
export async function dispatchRequest(ports: Ports, sent: ProxyCall): Promise<ProxyAnswer> {
  if (sent.own === undefined) return run(ports, sent)
  return serveOwn(
    ports,
    { ...sent, own: sent.own },
    { run, ask: dispatchRequest, named: withNamesInList }
  )
}

async function run(ports: Ports, sent: ProxyCall): Promise<ProxyAnswer> {
  const call = withPlainLists(withUsableKey(await withAddedRow(ports, sent)))
  checkKind(kindOf(call), call.kinds)
  if (call.method !== 'POST' || !call.headers.has('idempotency-key')) return dispatch(ports, call)
  const { signal: _, ...lasting } = call
  // Read the body before the key is held. A slow body would make the key look abandoned.
  const read = call.match?.route.job ? await readWhole(lasting) : lasting
  const begun = { ...read, begunAt: ports.now(), isCheck: isValidateOnly(read) }
  const work = runUnderKey(ports, begun, (repeats) =>
    dispatch(ports, repeats === undefined ? begun : { ...begun, repeats })
  )
  ports.defer(work.catch(() => {}))
  return work
}

/** For a provider that ignores the header: takes a key in quotes (IETF draft) without them, and drops one that is malformed. */
function withUsableKey(call: ProxyCall): ProxyCall {
  const key = call.headers.get('idempotency-key')
  if (key === null || call.provider.routes.takesIdempotencyKey(call.path, call.match)) return call
  const [, bare = key] = /^"(.*)"$/.exec(key) ?? []
  if (bare === key && key !== '') return call
  const headers = new Headers(call.headers)
  if (KEY_FORM.test(bare)) headers.set('idempotency-key', bare)
  else headers.delete('idempotency-key')
  return { ...call, headers }
}

async function dispatch(ports: Ports, call: ProxyCall): Promise<ProxyAnswer> {
  const ways = { pass: dispatchRow, ask: dispatchRequest, namesWaiting }
  const carried = await serveLegacy(ports, call, ways)
  return carried ?? dispatchRow(ports, call)
}

const NOT_CARRIED =
  'This list is about whole accounts, and this token sees only its own. The newer lists of the provider work.'

function dispatchRow(ports: Ports, sent: ProxyCall): Promise<ProxyAnswer> {
  return underRealIds(ports, sent, (call) => dispatchReal(ports, call))
}

async function dispatchReal(ports: Ports, call: ProxyCall): Promise<ProxyAnswer> {
  const route = call.match?.route
  if (call.own?.isCarriedOnly) throw new AppError('forbidden', NOT_CARRIED)
  if (route?.notOffered !== undefined) throw new AppError('not_implemented', route.notOffered)
  // The path is compared decoded, because the provider may decode it.
  if (!route && call.provider.events?.endpoints?.owns(decodeURIComponent(call.path))) {
    throw new AppError(
      'not_found',
      'The gateway keeps webhook endpoints itself and does not support this call.'
    )
  }
  if (route?.kind === 'creates-job') {
    return underRealIds(ports, await readJob(call), (read) => dispatchCreation(ports, read))
  }
  if (route?.kind === 'streaming-session') return dispatchStreaming(ports, call)
  if (route?.kind === 'sync-generation') {
    return underRealIds(ports, await readJob(call), (read) => runGeneration(ports, read))
  }
  if (route && call.provider.lists.shapeOf(route)?.isAskedInBody) return askInBody(ports, call)
  if (route?.pool === 'gateway') return dispatchOwn(ports, await readWhole(call))
  if (!route && call.method === 'POST') return startUnknownPath(ports, call)
  const together = await readTogether(ports, call)
  if (together) return together
  const namesIds = route?.ids.some((ref) => ref.in === 'body') === true
  if (!namesIds) return sendPlain(ports, call, undefined)
  const read = await readWhole(call)
  if (read.body?.byteLength && read.json === undefined) {
    const why = 'The body must be JSON: the ids in it say which account it is for.'
    throw new AppError('bad_request', why)
  }
  return underRealIds(ports, read, async (real) => {
    const moved = await withAssetsBrought(ports, real)
    return sendPlain(ports, moved, moved.json)
  })
}

async function dispatchCreation(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  if (isValidateOnly(call)) return validateOnly(ports, call)
  if (mayQueue(call)) return queueJob(ports, call)
  return (await refusalOfName(ports, call, false)) ?? startJob(ports, call)
}

/** Reads a list that takes its query as a JSON body. A body that is not an object goes to the provider, which refuses it. */
async function askInBody(ports: Ports, call: ProxyCall): Promise<ProxyAnswer> {
  const read = await readWhole(call)
  const isAsked = !read.body?.byteLength || isObject(read.json)
  const together = isAsked ? await readTogether(ports, read) : undefined
  return together ?? sendPlain(ports, read, read.json)
}

function isObject(json: unknown): boolean {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** Answers a call about webhook endpoints, which the gateway keeps instead of the provider. */
async function dispatchOwn(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const command = endpointCommand(call)
  if (command) return answerEndpointCall(ports, call, command)
  throw new AppError('not_implemented', 'The gateway does not answer this call yet.')
}

/** Picks the flow for a streaming call. An open session counts as one job. */
async function dispatchStreaming(ports: Ports, call: ProxyCall): Promise<ProxyAnswer> {
  const { provider, match } = call
  const token = provider.streaming?.token
  if (token && match?.route.path === token.path) return giveStreamToken(ports, call)
  if (match?.route.job) {
    return underRealIds(ports, await readJob(call), (read) => startJob(ports, read))
  }
  return followSession(ports, await readWhole(call))
}

/** Reads a creation's body. Throws `bad_request` before a slot is taken. A session may have no body: all its fields have defaults. */
async function readJob(call: ProxyCall): Promise<ReadCall> {
  const read = await readWhole(call)
  const isSession = call.match?.route.kind === 'streaming-session'
  if (isSession && !read.body?.byteLength) return { ...read, json: {} }
  if (isObject(read.json)) return read
  throw new AppError('bad_request', 'The body must be a JSON object.')
}
