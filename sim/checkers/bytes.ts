/**
 * I7: what HeyGen gets is what the client sent, byte for byte, but for the callback's address; and what the client gets about a job is
 * what HeyGen answered.
 */
import { kindAt, markIn } from '../../test/support/witness/witness-kinds.ts'
import type { Scene } from '../clients/scene.ts'
import type { NetworkCall, Served, Server } from '../platform/network.ts'
import { realIds } from './line/names.ts'

/** Where a credential of HeyGen's may stand. */
const CREDENTIALS = new Set(['x-api-key', 'authorization'])

/** HeyGen, with all that it was asked written down, what may start a job, and what it answered. */
export function recorded(scene: Scene, server: Server): Server {
  return {
    serve: (call: NetworkCall) => {
      const headers = [...call.headers].filter(([name]) => !CREDENTIALS.has(name))
      scene.heard.add(`${call.method} ${call.url.href} ${JSON.stringify(headers)} ${call.body}`)
      const isCreation = call.method === 'POST' && kindAt(call.url.pathname) !== undefined
      if (isCreation) scene.sent.push({ path: call.url.pathname, body: call.body })
      const booked = scene.heygen.creations.length
      const served = server.serve(call)
      if (typeof served.reply === 'object') scene.replied.add(served.reply.body)
      if (isCreation) noteUnheard(scene, call, served.reply, booked)
      return served
    },
  }
}

/** An answer that does not say that nothing was started. */
function noteUnheard(
  { heygen, unheard }: Scene,
  { body }: NetworkCall,
  reply: Served,
  booked: number
): void {
  const mark = markIn(body)
  if (mark === undefined) return
  const before = unheard.get(mark)
  const isHeard = typeof reply === 'object' && reply.status >= 400 && reply.status < 500
  const isUnheard = heygen.creations.length === booked && (!isHeard || reply.isCut === true)
  if (!before && !isUnheard) return
  const times = (before?.times ?? 0) + (isUnheard ? 1 : 0)
  unheard.set(mark, { times, isSentAfter: before !== undefined && !isUnheard })
}

export function changedBytes(scene: Scene): string[] {
  // A file is on its account. Elsewhere a copy of it has another id.
  const plain = (body: string) => scene.heygen.files.withContents(withoutCallback(body))
  const ours = new Set<string>()
  const expected = new Map<string, Set<string>>()
  const real = realIds(scene)
  for (const { mark, bodies, isRewritten, named } of scene.intentions.values()) {
    if (isRewritten) ours.add(mark)
    const sent = named ? bodies.map((body) => underRealId(body, named.name, real)) : bodies
    expected.set(mark, new Set(sent.map(plain)))
  }
  const bodies = scene.sent.flatMap(({ path, body }) => {
    // A question under a used key, whose body must start nothing, has no mark.
    const mark = markIn(body)
    if (mark === undefined || ours.has(mark) || expected.get(mark)?.has(plain(body))) return []
    return [`I7 HeyGen got other bytes on ${path}: ${body.slice(0, 400)}`]
  })
  return [...bodies, ...changedAnswers(scene)]
}

/** Only where HeyGen reads an id. */
function underRealId(body: string, name: string, real: ReadonlyMap<string, string>): string {
  return body.replace(`"avatar_id":"${name}"`, `"avatar_id":"${real.get(name) ?? name}"`)
}

function withoutCallback(body: string): string {
  return body.replace(/,?\s*"callback_url"\s*:\s*"[^"]*"/g, '')
}

/** Answers to status calls of v3. */
function changedAnswers({ answers, replied, heygen }: Scene): string[] {
  return answers.flatMap(({ about, answer }) => {
    const [, path = '', id = ''] = /^GET \/heygen(\/v3\/[\w/-]+)\/([\w-]+)$/.exec(about) ?? []
    const isStatus = kindAt(path) !== undefined && heygen.jobs.has(id)
    if (!isStatus || answer.status !== 200 || replied.has(answer.body)) return []
    return [`I7 the client got other bytes: ${about}: ${answer.body.slice(0, 400)}`]
  })
}
