/** Writes rows of lists and status answers as HeyGen's v3 does, with times of the account's clock. */
import { refusal, urlOf, type Answer } from './witness-answers.ts'
import type { WitnessAccount, WitnessJob } from './witness-types.ts'

const LOCAL_BEHIND_MS = 7 * 3_600_000

/** The answer of a list, newest first. */
export function listAnswer(
  jobs: WitnessJob[],
  account: WitnessAccount,
  query: URLSearchParams,
  usualLimit: number
): Answer {
  const limit = Math.min(100, Math.max(1, Number(query.get('limit')) || usualLimit))
  const token = query.get('token')
  const before =
    token === null ? Infinity : Number(Buffer.from(token, 'base64url').toString().slice(4))
  if (Number.isNaN(before)) return refusal(400, 'invalid_parameter', 'token is invalid', 'token')
  const rest = jobs.filter(({ seq }) => seq < before).toSorted((a, b) => b.seq - a.seq)
  const page = rest.slice(0, limit)
  const hasMore = rest.length > page.length
  const next = hasMore ? Buffer.from(`seq ${page.at(-1)?.seq}`).toString('base64url') : null
  const rows = page.map((job) => rowOf(account, job))
  return {
    status: 200,
    body: JSON.stringify({ data: rows, has_more: hasMore, next_token: next }),
  }
}

export function rowOf(account: WitnessAccount, job: WitnessJob): Record<string, unknown> {
  const { kind } = job
  const isDone = job.isOver && job.word === kind.done
  const isFailed = job.isOver && job.word === 'failed'
  return {
    [kind.id]: job.id,
    status: job.word,
    ...(kind.hasTitle ? { title: job.title } : {}),
    ...(kind.showsCallback ? { callback_id: job.callbackId } : {}),
    ...timeOf(account, job),
    ...(isDone ? { video_url: urlOf(job) } : {}),
    ...(isFailed ? { failure_message: 'Generation failed' } : {}),
    ...job.more,
  }
}

function timeOf(
  { times, skewMs }: WitnessAccount,
  { createdAt }: WitnessJob
): Record<string, unknown> {
  const told = createdAt + skewMs
  if (times === 'missing') return {}
  if (times === 'zero') return { created_at: 0 }
  if (times === 'millis') return { created_at: told / 1000 }
  if (times === 'seconds') return { created_at: Math.floor(told / 1000) }
  return { created_at: new Date(told - LOCAL_BEHIND_MS).toISOString().slice(0, 19) }
}
