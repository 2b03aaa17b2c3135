/** Kling's refusals. `code` says what went wrong; several codes share one HTTP status. */
import { Refusal } from '../../answers/refusal.ts'
import { newUuid } from '../../state/random.ts'

/** Statuses are documented. Some of the messages were seen, the others are a [guess]. */
const CODES: Record<number, { status: number; message: string }> = {
  1000: { status: 401, message: 'signature is invalid' },
  1001: { status: 401, message: 'Authorization is empty' },
  1002: { status: 401, message: 'Authorization is invalid' },
  1003: { status: 401, message: 'Authorization is not yet valid' },
  1004: { status: 401, message: 'Authorization has expired' },
  1100: { status: 429, message: 'Account exception' },
  1101: { status: 429, message: 'Account in arrears' },
  1102: { status: 429, message: 'Account balance not enough' },
  1103: { status: 403, message: 'Unauthorized access to requested resource' },
  1200: { status: 400, message: 'Invalid request parameters' },
  1201: { status: 400, message: 'Invalid parameters' },
  1202: { status: 404, message: 'The requested method is invalid' },
  1203: { status: 404, message: 'The requested resource does not exist' },
  1300: { status: 400, message: 'Trigger the strategy of the platform' },
  1301: { status: 400, message: 'Trigger the content security policy of the platform' },
  1302: { status: 429, message: 'Too many requests; rate limit exceeded' },
  1303: { status: 429, message: 'parallel task over resource pack limit' },
  1304: { status: 429, message: 'IP is not in the allow list' },
  5000: { status: 500, message: 'Server internal error' },
  5001: { status: 503, message: 'Server temporarily unavailable' },
  5002: { status: 504, message: 'Server internal timeout' },
}

const CODE_OF_STATUS: Record<number, number> = {
  400: 1201,
  401: 1002,
  403: 1103,
  404: 1203,
  429: 1302,
  500: 5000,
  503: 5001,
  504: 5002,
}

type ErrorAnswer = {
  status: number
  body: { code: number; message: string; request_id: string }
}

export function errorAnswer(code: number, message?: string): ErrorAnswer {
  const known = CODES[code] ?? { status: 500, message: 'Simulated fault' }
  const body = { code, message: message ?? known.message, request_id: newUuid() }
  return { status: known.status, body }
}

export function refused(code: number, message?: string): Refusal {
  const { status, body } = errorAnswer(code, message)
  return new Refusal(status, body)
}

/** The answer of a fault that has a status and no body. */
export function answerOfStatus(status: number): ErrorAnswer {
  const { body } = errorAnswer(CODE_OF_STATUS[status] ?? 5000, 'Simulated fault')
  return { status, body }
}
