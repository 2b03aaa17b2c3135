/** What is answered for an item of a bulk call. */
import { capInWords } from '#domain/queue/caps.ts'
import type { EnqueueAnswer } from '#domain/ports/line.ts'
import type { NewItem } from '#domain/queue/item.ts'
import { AppError, type ErrorCode } from '#domain/runtime/errors.ts'
import { namelessError } from '#domain/visibility/nameless.ts'
import { markedTenant } from '#domain/visibility/own-scope.ts'
import { clientNamesIn } from '#flows/repeats/one-per-client-name.ts'
import type { ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'

/** Searches for unknown ids that one bulk call may cause. */
export const SEARCHES_MAX = 10

export type Answer = { id: string } | AppError
export type BulkAnswer = { id: string } | { error: string; code: ErrorCode }

/** As the client sees it. */
export function shown({ own }: Pick<ProxyCall, 'own'>, answer: Answer | undefined): BulkAnswer {
  if (answer && 'id' in answer) return answer
  const known = answer ?? toError(undefined)
  const { message, code } = own ? namelessError(known) : known
  return { error: message, code }
}

/** Undefined: its name is taken. */
export function toAnswer(
  { call }: { call?: ReadCall | undefined },
  said: EnqueueAnswer | undefined,
  item: NewItem | undefined
): Answer | undefined {
  switch (said?.kind) {
    case 'queued':
      return { id: item?.record.names[0] ?? '' }
    case 'known':
      return { id: said.shown.names[0] ?? said.shown.item }
    case 'keyed':
      return said.jobIds?.[0] === undefined ? unknownKey(said) : { id: said.jobIds[0] }
    case 'full':
      return full(said)
    case 'named':
      return nameTaken(call)
    case 'taken':
      return undefined
    default:
      return closed()
  }
}

function full({ cap, retryAfterSeconds }: Extract<EnqueueAnswer, { kind: 'full' }>): AppError {
  const again = `Try again in ${retryAfterSeconds} s.`
  // As for a single call.
  const isNameless = cap === 'token'
  const message = `The line is full: ${capInWords(cap)}. This was not queued. ${again}`
  return new AppError('queue_full', message, isNameless ? { isNameless } : {})
}

/** In the provider's words, with the name as the client gave it. */
export function nameTaken(call: ReadCall | undefined): AppError {
  const [name = ''] = call ? clientNamesIn(call) : []
  const { names } = call?.provider ?? {}
  const { body } = names?.refusal(name, call?.requestId ?? '') ?? {}
  const { message = 'Another job has this name.' } = (body ?? {}) as { message?: string }
  const mark = call?.own && markedTenant(call.tenant, call.own.token)
  const said = names && mark !== undefined ? names.toClient(message, mark) : message
  return new AppError('conflict', said)
}

function unknownKey({ isRunning }: Extract<EnqueueAnswer, { kind: 'keyed' }>): AppError {
  if (isRunning) {
    return new AppError('request_in_progress', 'A call with its Idempotency-Key is in progress.')
  }
  const message = 'What became of the first call with its Idempotency-Key is not known.'
  return new AppError('outcome_unknown', `${message} Repeat that call by itself.`)
}

export function closed(): AppError {
  return new AppError('slots_full', 'The line takes nothing now. This was not queued.')
}

export function noName(): AppError {
  return new AppError('slots_full', 'No name was free for this creation. It was not queued.')
}

export function notQueueable({ method, path }: ReadCall): AppError {
  const what = `${method} ${path.slice(0, 200)}`
  return new AppError('bad_request', `path: ${what} cannot be queued. Send it by itself.`)
}

export function tooManySearches(): AppError {
  const message = `This call names more than ${SEARCHES_MAX} ids that the gateway does not know.`
  return new AppError('account_unavailable', `${message} Send this creation by itself.`)
}

export function toError(error: unknown): AppError {
  if (error instanceof AppError) return error
  return new AppError('internal', 'The gateway could not queue this.')
}
