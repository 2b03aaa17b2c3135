/** Interactive sessions. One that is not used for too long is closed. */
import { countSessions } from '../../jobs/counts.ts'
import { endJob, startJob } from '../../jobs/jobs.ts'
import { newId } from '../../state/ids.ts'
import { newHex } from '../../state/random.ts'
import type { Job, Resource } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { asText, type Call, getSubject, type Reply, reply, toDoc } from '../answers/call.ts'
import { envelopeOf, refuse } from '../answers/errors.ts'
import { envelopeData, fillRow, localise, toSubject, toTime, withData } from '../answers/fill.ts'
import { addResource, listOwn } from '../resources/resources.ts'

const IDLE_SECONDS = 120

type Action = (call: Call) => Reply

export function actOnSession(call: Call): Reply {
  const action = ACTIONS[call.name] ?? keepAlive
  return action(call)
}

const createToken: Action = (call) => {
  const token = btoa(
    JSON.stringify({ token: newHex(), token_type: 'sa_from_regular', created_at: call.state.now() })
  )
  addResource(call.state, call.account.email, { type: 'streaming-token', id: token })
  return reply(call, withData(call.row.responseExample, { token }))
}

const openSession: Action = (call) => {
  assertSessionRoom(call)
  const session = open(call, 'streaming-session')
  const isV1 = call.body.version === undefined || call.body.version === 'v1'
  const example = localise(envelopeData(call.row.responseExample), call.site) as Doc
  const sdp = { type: 'offer', sdp: 'v=0\r\n' }
  const realtime = `${call.site.origin.replace(/^http/, 'ws')}/v2-alpha/interactive-avatar/session/${session.id}`
  return reply(
    call,
    withData(call.row.responseExample, {
      ...example,
      session_id: session.id,
      access_token: isV1 ? null : `sim.${newHex()}`,
      url: isV1 ? null : example.url,
      ...(isV1 ? { sdp, ice_servers: [], ice_servers2: [] } : {}),
      realtime_endpoint: realtime,
    })
  )
}

const openStream: Action = (call) => {
  assertSessionRoom(call)
  const made = open(call, 'stream')
  const data = envelopeData(call.row.responseExample) as Doc
  return reply(call, withData(call.row.responseExample, { ...data, stream_id: made.id }))
}

function open(call: Call, type: string): Resource {
  const { state, account } = call
  const id = newId(type)
  const given = Number(call.body.activity_idle_timeout)
  const seconds = given >= 30 && given <= 3600 ? given : IDLE_SECONDS
  startJob(state, account, {
    id,
    creation: id,
    type: 'streaming-session',
    row: call.name,
    durationMs: seconds * 1000,
    outcome: 'completed',
    failure: null,
    callbackId: null,
    callbackUrl: null,
    doc: {},
  })
  const avatar = asText(call.body.avatar_id) ?? asText(call.body.avatar_name) ?? null
  const doc = { ...toDoc(call.body), state: 'new', avatar_id: avatar }
  return addResource(state, account.email, { type, id, doc, jobId: id })
}

/** The text of this refusal was seen; its number and status are a [guess]. */
function assertSessionRoom(call: Call): void {
  if (countSessions(call.state, call.account) < call.account.streamingConcurrency) return
  throw refuse(envelopeOf(call.row), {
    status: 400,
    number: 10007,
    code: 'resource_limit_reached',
    message: 'Concurrent limit reached',
  })
}

function jobOf(call: Call, session: Resource): Job | undefined {
  return session.jobId ? call.state.jobs.get(session.jobId) : undefined
}

function getSession(call: Call): Resource {
  return call.found.get('/session_id') ?? getSubject(call)
}

/** Every use of a session extends its life. A closed one refuses. */
function extend(call: Call): Resource {
  const session = getSession(call)
  const job = jobOf(call, session)
  if (!job) return session
  if (job.status === 'ended') {
    const message = 'Session state wrong: closing'
    throw refuse(envelopeOf(call.row), { status: 400, number: 10004, code: 'conflict', message })
  }
  call.state.putJob(Object.assign(job, { startedAt: call.state.now() }))
  return session
}

const keepAlive: Action = (call) => {
  const session = extend(call)
  const data = envelopeData(call.row.responseExample)
  const filled = session.type === 'stream' ? fillRow(data, toSubject(call, session)) : data
  return reply(call, withData(call.row.responseExample, filled))
}

const start: Action = (call) => {
  const session = extend(call)
  call.state.putResource({ ...session, doc: { ...session.doc, state: 'connected' } })
  return reply(call, call.row.responseExample)
}

const task: Action = (call) => {
  extend(call)
  const text = asText(call.body.text) ?? ''
  const data = { task_id: newId('streaming-task'), duration_ms: 100 + text.length * 60 + 0.5 }
  return reply(call, withData(call.row.responseExample, data))
}

const stop: Action = (call) => {
  const session = extend(call)
  const job = jobOf(call, session)
  if (job) endJob(call.state, job)
  return reply(call, call.row.responseExample)
}

const cancelStream: Action = (call) => {
  const session = getSession(call)
  const job = jobOf(call, session)
  if (job) endJob(call.state, job)
  call.state.putResource({ ...session, doc: { ...session.doc, end_reason: 'cancelled' } })
  return reply(call, withData(call.row.responseExample, { stream_id: session.id }))
}

export function listSessions(call: Call): Reply {
  const all = listOwn(call.state, call.account, 'streaming-session').map((session) => ({
    session,
    status: isClosed(call, session) ? 'closed' : String(session.doc.state ?? 'connected'),
  }))
  const example = call.row.responseExample
  if (call.row.family === 'v1') {
    const sessions = all
      .filter(({ status }) => status !== 'closed')
      .map(({ session, status }) => ({
        session_id: session.id,
        status,
        created_at: toTime(0, session.createdAt),
      }))
    return reply(call, withData(example, { sessions }))
  }
  return reply(call, withData(example, toHistory(call, all)))
}

function toHistory(call: Call, all: { session: Resource; status: string }[]): Doc {
  const size = Math.min(100, Math.max(1, Number(call.query.get('page_size')) || 20))
  const page = Math.max(1, Number(call.query.get('page')) || 1)
  const data = all.slice((page - 1) * size, page * size).map(({ session, status }) => {
    const job = jobOf(call, session)
    const end = job?.endedAt ?? call.state.now()
    return {
      session_id: session.id,
      status,
      created_at: toTime(0, session.createdAt),
      api_key_type: 'API',
      duration: job ? Math.round((end - session.createdAt) / 1000) : 61,
      avatar_id: session.doc.avatar_id ?? 'Wayne_20240711',
      voice_name: 'Ana - Cheerful',
    }
  })
  return { total: all.length, page, page_size: size, next_pagination_token: null, data }
}

/** The session of the documented examples has no job and stays open. */
function isClosed(call: Call, session: Resource): boolean {
  return jobOf(call, session)?.status === 'ended'
}

/** The socket of an open session echoes every message. */
export function openSocket(call: Call): Response {
  extend(call)
  const { 0: client, 1: server } = new WebSocketPair()
  server.binaryType = 'arraybuffer'
  server.accept()
  server.addEventListener('message', (event) => server.send(event.data))
  server.addEventListener('close', (event) => server.close(event.code === 1005 ? 1000 : event.code))
  return new Response(null, { status: 101, webSocket: client })
}

const ACTIONS: Record<string, Action> = {
  'POST /v1/streaming.create_token': createToken,
  'POST /v1/streaming.new': openSession,
  'POST /v3/avatar-realtime': openStream,
  'POST /v1/streaming.start': start,
  'POST /v1/streaming.task': task,
  'POST /v1/streaming.stop': stop,
  'POST /v3/avatar-realtime/{stream_id}/cancel': cancelStream,
}
