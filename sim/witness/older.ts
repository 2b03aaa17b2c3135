/**
 * HeyGen's v1 and v2, where it has not ended them (reference/heygen.md sections 6 and 8): the reads by which a client sees that they
 * are alive, videos, and streaming sessions, each with its token.
 */
import { markIn } from '../../test/support/witness/witness-kinds.ts'
import { urlOf, parse } from '../../test/support/witness/witness-answers.ts'
import type { NetworkCall, NetworkReply } from '../platform/network.ts'
import type { World } from '../world/world.ts'
import type { Account, Job } from './books.ts'

type Answer = Pick<NetworkReply, 'status' | 'body'>

interface Session {
  id: string
  account: Account
  isOver: boolean
  /** The last call about it, epoch ms. */
  usedAt: number
}

/** A session of which nobody hears is closed. */
const IDLE_MS = 120_000

export class Older {
  /** Tokens of sessions, which only the gateway may see. */
  readonly secrets: string[] = []
  readonly #world: World
  readonly #tokens = new Map<string, Account>()
  readonly #sessions = new Map<string, Session>()

  constructor(world: World) {
    this.#world = world
  }

  accountOf(token: string): Account | undefined {
    return this.#tokens.get(token)
  }

  /** `makeVideo`: books a video. Undefined: there is no such call. */
  answer(
    { method, url, body }: NetworkCall,
    account: Account,
    jobs: ReadonlyMap<string, Job>,
    makeVideo: () => Job | undefined
  ): Answer | undefined {
    const { pathname: path, searchParams: query } = url
    const { username, email } = account
    if (path === '/v1/user/me') return ofV1({ username, email, first_name: '', last_name: '' })
    if (path === '/v2/user/remaining_quota') return ofV2({ remaining_quota: 600, details: {} })
    if (path === '/v2/templates') return ofV2({ templates: [] })
    if (method === 'POST' && path === '/v2/video/generate') {
      if (markIn(body) === undefined) return noV2(400, 'invalid_parameter')
      return ofV2({ video_id: makeVideo()?.id })
    }
    if (path === '/v1/video_status.get') {
      const job = jobs.get(query.get('video_id') ?? '')
      if (job?.account !== email) return noV1(404, 40104, 'Video not found')
      const isDone = job.isOver && job.isDone
      const error = job.isOver && !isDone ? { code: 1, message: 'Generation failed' } : null
      return ofV1({ id: job.id, status: job.word, video_url: isDone ? urlOf(job) : null, error })
    }
    if (path.startsWith('/v1/streaming.')) return this.#streaming(path.slice(14), body, account)
    return undefined
  }

  #streaming(verb: string, body: string, account: Account): Answer | undefined {
    const { chance, now } = this.#world
    if (verb === 'create_token') {
      const token = `stream_${chance.hex('stream tokens', 32)}`
      this.#tokens.set(token, account)
      this.secrets.push(token)
      return ofV2({ token })
    }
    if (verb === 'list') {
      const own = [...this.#sessions.values()].filter((one) => one.account === account)
      const open = own.filter(({ isOver }) => !isOver)
      return ofV1({ sessions: open.map(({ id }) => ({ session_id: id, status: 'connected' })) })
    }
    if (verb === 'new') {
      const session = { id: `session-${chance.hex('sessions', 20)}`, account, isOver: false }
      this.#begin({ ...session, usedAt: now })
      const room = { url: 'wss://rooms.example.com', access_token: 'of-the-room' }
      return ofV1({ session_id: session.id, ...room, session_duration_limit: 600, is_paid: true })
    }
    const { session_id: id } = (parse(body) ?? {}) as { session_id?: string }
    const session = this.#sessions.get(id ?? '')
    if (session?.account !== account) return noV1(404, 400569, 'Session not found')
    if (session.isOver) return noV1(400, 10005, 'session state wrong: closed')
    session.usedAt = now
    if (verb === 'stop') this.#end(session)
    return ofV1({})
  }

  #begin(session: Session): void {
    this.#sessions.set(session.id, session)
    session.account.inFlight.add(session.id)
    const look = () => {
      if (session.isOver) return
      if (this.#world.now - session.usedAt >= IDLE_MS) return this.#end(session)
      this.#world.after(IDLE_MS, `look at ${session.id}`, undefined, look)
    }
    this.#world.after(IDLE_MS, `look at ${session.id}`, undefined, look)
  }

  #end(session: Session): void {
    session.isOver = true
    session.account.inFlight.delete(session.id)
  }
}

function ofV1(data: unknown): Answer {
  return { status: 200, body: JSON.stringify({ code: 100, data, message: 'Success' }) }
}

function ofV2(data: unknown): Answer {
  return { status: 200, body: JSON.stringify({ error: null, data }) }
}

function noV1(status: number, code: number, message: string): Answer {
  return { status, body: JSON.stringify({ code, message }) }
}

function noV2(status: number, code: string): Answer {
  return { status, body: JSON.stringify({ data: null, error: { code, message: code } }) }
}
