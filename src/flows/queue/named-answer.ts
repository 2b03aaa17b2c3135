/**
 * Puts names of queued creations back into an answer, in the place of the provider's ids: only ids that the call named by our names,
 * and only where the row says that the answer names a job. The rest of the answer stays byte for byte.
 */
import { AppError } from '#domain/runtime/errors.ts'
import { asComposed } from '#domain/text/headers.ts'
import { slicesAt, splice } from '#domain/text/json-slices.ts'
import { parseJson, readUtf8 } from '#domain/text/json-text.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { readAnswer } from '#flows/upstream/read-answer.ts'
import type { RouteMatch } from '#providers/contract/provider.ts'

/** The names by the provider's ids. */
export type Used = ReadonlyMap<string, string>

const ANSWER_BYTES_MAX = 16 * 1024 * 1024

export async function withNames(
  call: ProxyCall,
  answer: ProxyAnswer,
  used: Used
): Promise<ProxyAnswer> {
  if (used.size === 0) return answer
  // The job of a creation is its own, whatever it names.
  const isOfCreation = call.match?.route.kind === 'creates-job'
  const jobs = { jobIds: [...used.values()], providerJobIds: [...used.keys()] }
  const told = { ...answer, ...(isOfCreation ? {} : jobs) }
  return withText(call, told, async () => used)
}

/** The answer with names in the place of ids. `namesIn`: which, by the text of the answer. */
export async function withText(
  call: ProxyCall,
  told: ProxyAnswer,
  namesIn: (text: string) => Promise<Used>
): Promise<ProxyAnswer> {
  const { response } = told
  const isJson = /json/i.test(response.headers.get('content-type') ?? '')
  if (!isJson || !response.body || !call.match) return told
  const bytes = await readAnswer(response, ANSWER_BYTES_MAX).catch(() => undefined)
  if (!bytes) {
    throw new AppError('upstream_unreachable', 'The answer of the provider could not be read.')
  }
  const text = readUtf8(bytes)
  const used = text === undefined ? undefined : await namesIn(text)
  const named = text && used && namedText(call, call.match, text, used)
  const headers = new Headers(response.headers)
  if (named) asComposed(headers)
  return { ...told, response: new Response(named || bytes, { status: response.status, headers }) }
}

/** Undefined: nothing in the text is to be replaced. */
function namedText(
  { provider }: ProxyCall,
  match: RouteMatch,
  text: string,
  used: Used
): string | undefined {
  if (used.size === 0 || parseJson(text) === undefined) return undefined
  const { creates, lists, reports } = match.route
  const [, inAnswer] = /^answer:(.*)$/.exec(reports?.id ?? '') ?? []
  const pointers = [
    ...creates,
    ...lists,
    ...(inAnswer === undefined ? [] : [inAnswer]),
    ...(provider.jobs.jobIdsAt?.(match) ?? []),
  ]
  const edits = [...new Set(pointers)]
    .flatMap((pointer) => slicesAt(text, pointer))
    .flatMap((slice) => {
      const json = text.slice(slice.start, slice.end)
      const id: unknown = json.startsWith('"') ? parseJson(json) : undefined
      const name = typeof id === 'string' ? used.get(id) : undefined
      return name === undefined ? [] : [{ ...slice, text: JSON.stringify(name) }]
    })
  const once = new Map(edits.map((edit) => [edit.start, edit]))
  return once.size === 0 ? undefined : splice(text, [...once.values()])
}
