/** Reads the states of jobs out of status answers, by the links of a route table. All providers share it. */
import { textAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import type { JobReport } from '#domain/slots/lease.ts'
import type { RouteMatch, StatusLink } from '#providers/contract/provider.ts'

/** What a status answer says about the jobs in it. */
export function readReports(
  match: RouteMatch,
  query: URLSearchParams,
  answer: unknown
): JobReport[] {
  const link = match.route.reports
  if (!link) return []
  if (link.id.startsWith('answer:')) return readBulk(link, answer)
  const [place, name] = link.id.split(':') as ['path' | 'query', string]
  const id = place === 'path' ? match.params[name] : query.get(name)
  const state = valueAt(answer, link.status ?? '/data/status')
  if (!id || (typeof state !== 'string' && typeof state !== 'number')) return []
  return [reportOf(link, id, String(state), answer)]
}

function readBulk(link: StatusLink, answer: unknown): JobReport[] {
  const at = link.id.slice('answer:'.length)
  const rows = valuesAt(answer, at.slice(0, at.lastIndexOf('/')))
  return rows.flatMap((row) => {
    const id = textAt(row, at.slice(at.lastIndexOf('/')))
    const state = textAt(row, link.rowStatus ?? '/status')
    return id && state && state !== 'not_found' ? [reportOf(link, id, state, { data: row })] : []
  })
}

/** The words for a running job (reference: `terminal.pending` of each row). */
const RUNNING = new Set([
  'active',
  'connected',
  'connecting',
  'created',
  'generating',
  'idle',
  'in_progress',
  'in_queue',
  'new',
  'pending',
  'processing',
  'queued',
  'rendering',
  'reviewing',
  'running',
  'starting',
  'streaming',
  'submitted',
  'thinking',
  'training',
  'waiting',
])

/** Words that mean an end on every row on which they were seen, although not every row lists them. They count when read twice. */
const ENDING = new Set(['cancelled', 'canceled', 'deleted', 'error', 'expired', 'timeout'])

/** JSON pointers to the result of a finished job, whatever its status is called. */
const RESULTS = ['/data/video_url', '/data/audio_url']

function reportOf(link: StatusLink, id: string, said: string, answer: unknown): JobReport {
  const watch = `${link.watch}:${id}`
  const facts = factsOf(valueAt(answer, '/data'))
  const word = said.toLowerCase()
  const names = (words: readonly string[] | undefined) =>
    words?.some((one) => one.toLowerCase() === word)
  const alias = link.alias && textAt(answer, link.alias.id)
  const also = link.alias && alias ? { alias: `${link.alias.watch}:${alias}` } : {}
  if (names(link.done)) return { watch, state: 'completed', facts, ...also }
  if (names(link.failed) || (link.failedWhen && textAt(answer, link.failedWhen))) {
    const detail = failureOf(answer)
    return { watch, state: 'failed', facts, ...(detail === undefined ? {} : { detail }), ...also }
  }
  if (names(link.waiting)) return { watch, state: 'waiting', ...also }
  if (RUNNING.has(word) || names(link.running)) return { watch, state: 'running', ...also }
  if (ENDING.has(word)) return { watch, state: 'ending', word, facts, ...also }
  const hasResult = RESULTS.some((pointer) => /^https?:/.test(textAt(answer, pointer) ?? ''))
  if (hasResult) return { watch, state: 'completed', facts, ...also }
  return { watch, state: 'unclear', word: word.slice(0, 64) }
}

/** What the status in a row of a list says. Undefined: nothing. */
export function rowState(link: StatusLink, said: string): 'running' | 'over' | undefined {
  const { state } = reportOf(link, '', said, undefined)
  if (state === 'completed' || state === 'failed' || state === 'ending') return 'over'
  return state === 'running' || state === 'waiting' ? 'running' : undefined
}

const FACTS_MAX = 40
const FACT_CHARS_MAX = 4096

/** The plain members of a status answer, without nested and very long ones. */
function factsOf(data: unknown): Record<string, unknown> {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return {}
  const plain = Object.entries(data).filter(
    ([, value]) => typeof value !== 'object' && String(value).length <= FACT_CHARS_MAX
  )
  return Object.fromEntries(plain.slice(0, FACTS_MAX))
}

/** JSON pointers to the reason of a failed job, as they were seen, the most exact first. */
const REASONS = [
  '/data/error/code',
  '/data/failure_code',
  '/data/failure_message',
  '/data/failure_reason',
  '/data/error/message',
  '/data/error_msg',
  '/data/error_message',
  '/data/task_status_msg',
  '/data/message',
  '/data/msg',
  '/data/error',
]

function failureOf(answer: unknown): string | undefined {
  const found = REASONS.map((pointer) => textAt(answer, pointer)).find((text) => text !== undefined)
  return found?.slice(0, 200)
}
