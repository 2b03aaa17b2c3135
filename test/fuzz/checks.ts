/** What must be true of every answer, whatever was asked. */
import { ERROR_STATUS } from '#domain/runtime/errors.ts'
import type { Drawn } from './requests.ts'
import type { Answer } from './wire.ts'

/** A stack or a file of the Worker. The simulator's answers are not looked at for it. */
const LEAK =
  /\bat [\w.<>]+ \(|\.ts:\d|\.js:\d|node_modules|workerd\/|TypeError|SyntaxError|RangeError/

export interface Known {
  /** Texts that no answer to anybody may have. */
  secrets: readonly string[]
  /** Texts that only another tenant may read, and the operator. No request has them. */
  foreign: readonly string[]
}

export function faultsOf(drawn: Drawn, answer: Answer, known: Known): string[] {
  const { status, headers, text } = answer
  const { caller, wire } = drawn
  // The client went away before the request was whole, or was still sending: there may be no answer.
  if (status === 0) return wire.cut || answer.isReset ? [] : ['no answer']
  const all = `${text}\n${[...headers].map(([name, value]) => `${name}: ${value}`).join('\n')}`
  const isOperator = caller === 'operator' || caller === 'operator for'
  const code = headers.get('x-gateway-error')
  const secret = known.secrets.find((one) => all.includes(one))
  const foreign = known.foreign.find((one) => all.includes(one))
  return [
    ...(secret === undefined ? [] : [`shows a secret (${secret.slice(0, 8)}…)`]),
    ...(foreign === undefined || caller === 'other' || isOperator
      ? []
      : ['shows another tenant’s']),
    ...(headers.has('x-request-id') ? [] : faultsWithoutId(answer)),
    ...(code === null ? [] : faultsOfError(drawn, answer, code)),
    ...(code === null && isOwn(answer) && status >= 400 && !isRpc(answer)
      ? ['an error of ours without its code']
      : []),
  ]
}

/** `/healthz` needs no id. workerd refuses some requests before the Worker runs, with a short text; it never fails. */
function faultsWithoutId({ status, text, headers }: Answer): string[] {
  const isOfWorker = headers.has('x-content-type-options') || headers.has('x-gateway-error')
  if (isOfWorker && text !== '{"ok":true}') return ['an answer without its id']
  return status >= 500 && status !== 501
    ? [`failed before or outside the Worker: ${text.slice(0, 80)}`]
    : []
}

/** /mcp answers in the protocol's own words. */
function isRpc({ text }: Answer): boolean {
  const body = parsed(text) as { jsonrpc?: unknown; error?: { code?: unknown } } | null | undefined
  return body?.jsonrpc === '2.0' && typeof body.error?.code === 'number'
}

/** The provider's answers have the id of its own request, or the account that gave them. */
function isOwn({ headers }: Answer): boolean {
  return (
    headers.has('x-request-id') &&
    !headers.has('x-upstream-request-id') &&
    !headers.has('x-gateway-account') &&
    !headers.has('x-gateway-carried')
  )
}

function faultsOfError({ wire, wrongField }: Drawn, answer: Answer, code: string): string[] {
  const { status, headers, text } = answer
  const usual: number | undefined = Object.hasOwn(ERROR_STATUS, code)
    ? ERROR_STATUS[code as keyof typeof ERROR_STATUS]
    : undefined
  const isHead = wire.method === 'HEAD'
  return [
    ...(usual === undefined ? [`an unknown code ${code}`] : []),
    ...(code === 'internal' ? ['an unexpected failure'] : []),
    ...(code === 'internal' && !isHead && !text.includes(headers.get('x-request-id') ?? '?')
      ? ['a failure without its id']
      : []),
    ...(LEAK.test(text) ? ['shows the code'] : []),
    ...(isHead || hasShape(answer) ? [] : ['an error without its shape']),
    ...(wrongField !== undefined && status === 400 && !text.includes(wrongField)
      ? [`does not name the field ${wrongField}`]
      : []),
  ]
}

/** The shape of any surface: which one a spoiled path belongs to, the router decides. */
function hasShape({ text, headers, status }: Answer): boolean {
  // The seeds have a plain text where there are no accounts.
  if (headers.get('content-type')?.startsWith('text/plain'))
    return text.length > 0 && status === 404
  const body = parsed(text) as Record<string, unknown> | undefined
  if (typeof body !== 'object' || body === null) return false
  const { error, code, message } = body as { error?: unknown; code?: unknown; message?: unknown }
  if (typeof error === 'string') return code === undefined || code === status
  const inner = error as { code?: unknown; message?: unknown } | null | undefined
  if (typeof inner?.message === 'string') return inner.code !== undefined
  return code !== undefined && typeof message === 'string'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
