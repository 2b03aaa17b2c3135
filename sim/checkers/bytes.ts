/**
 * I7: what HeyGen gets is what the client sent, byte for byte, but for the callback's address; and what the client gets about a job is
 * what HeyGen answered.
 */
import { kindAt, markIn } from '../../test/support/witness/witness-kinds.ts'
import type { Scene } from '../clients/scene.ts'
import type { NetworkCall, Server } from '../platform/network.ts'

/** Where a credential of HeyGen's may stand. */
const CREDENTIALS = new Set(['x-api-key', 'authorization'])

/** HeyGen, with all that it was asked written down, what may start a job, and what it answered. */
export function recorded(scene: Scene, server: Server): Server {
  return {
    serve: (call: NetworkCall) => {
      const headers = [...call.headers].filter(([name]) => !CREDENTIALS.has(name))
      scene.heard.add(`${call.method} ${call.url.href} ${JSON.stringify(headers)} ${call.body}`)
      if (call.method === 'POST' && kindAt(call.url.pathname))
        scene.sent.push({ path: call.url.pathname, body: call.body })
      const served = server.serve(call)
      if (typeof served.reply === 'object') scene.replied.add(served.reply.body)
      return served
    },
  }
}

export function changedBytes(scene: Scene): string[] {
  // A file is on its account. Elsewhere a copy of it has another id.
  const plain = (body: string) => scene.heygen.files.withContents(withoutCallback(body))
  const ours = new Set<string>()
  const expected = new Map<string, Set<string>>()
  for (const { mark, bodies, isRewritten } of scene.intentions.values()) {
    if (isRewritten) ours.add(mark)
    expected.set(mark, new Set(bodies.map(plain)))
  }
  const bodies = scene.sent.flatMap(({ path, body }) => {
    // A question under a used key, whose body must start nothing, has no mark.
    const mark = markIn(body)
    if (mark === undefined || ours.has(mark) || expected.get(mark)?.has(plain(body))) return []
    return [`I7 HeyGen got other bytes on ${path}: ${body.slice(0, 400)}`]
  })
  return [...bodies, ...changedAnswers(scene)]
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
