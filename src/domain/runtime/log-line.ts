/**
 * Writes log lines. Each is one JSON object with a level (docs/operate.md lists them). As a last safeguard, everything that looks
 * like a secret is removed.
 */
import { ERROR_STATUS, type ErrorCode } from './errors.ts'

export type Level = 'info' | 'warn' | 'error'
export type Facts = Record<string, unknown>

/** Events of level error: the operator must act. */
const ERRORS = new Set([
  'unexpected',
  'setting_invalid',
  'delivery_given_up',
  'bind_given_up',
  'alarm_failed',
  'sealed_by_unknown_key',
  'sign_in_client_refused',
])
/** Events of level warn: the gateway recovers by itself. */
const WARNINGS = new Set([
  'parked',
  'outcome_unknown',
  'credential_refused',
  'admin_token_missing_or_short',
  'unknown_status_word',
  'check_started_jobs',
])
const WARNING = /_failed$|_not_/

/** Outcomes that the provider did not report itself. */
const ODD_OUTCOMES = new Set(['gone', 'absent', 'lost', 'outcome_unknown'])
const REFUSALS = new Set([401, 402, 403, 424, 429])

function levelOf(event: string, facts: Facts): Level {
  if (event === 'request') return levelOfRequest(facts)
  if (event === 'job_ended') return ODD_OUTCOMES.has(String(facts['outcome'])) ? 'warn' : 'info'
  if (ERRORS.has(event)) return 'error'
  return WARNINGS.has(event) || WARNING.test(event) ? 'warn' : 'info'
}

/** The level of a request's line. An unexpected error is an error. A refusal by the provider or by a limit is a warning. */
function levelOfRequest({ status, code }: Facts): Level {
  if (code === ('internal' satisfies ErrorCode)) return 'error'
  const number = Number(status)
  return number >= ERROR_STATUS.internal || REFUSALS.has(number) ? 'warn' : 'info'
}

/** Leaves out members without a value. `email` in the facts is written as `account`. */
export function lineOf(event: string, about: Facts, facts: Facts): { level: Level; text: string } {
  const { email, ...rest } = facts
  const account = email === undefined ? {} : { account: email }
  const level = levelOf(event, rest)
  const text = JSON.stringify({ event, level, ...about, ...account, ...rest })
  return { level, text: withoutSecrets(text) }
}

/**
 * Matches the gateway's tokens, secret keys and stream tokens; providers' keys; webhook secrets; signed tokens; sealed texts, as
 * they are in URLs. The part before a dot has a maximum length: otherwise a long text with many hyphens takes quadratic time.
 */
const SECRETS =
  /\bhg[wks]_[\w.-]{8,}|\bsk_[\w-]{6,}|\bwhsec_[\w+/=-]{6,}|\beyJ[\w-]{8,1000}\.[\w.-]+|\b[\w-]{1,64}\.[\w+/-]{16}\.[\w+/=-]{24,}/g

/** Part of every match of `SECRETS`, and much faster to look for. Almost no line has it. */
const PARTS = /hg[wks]_|sk_|whsec_|eyJ|\.[\w+/-]{16}\./

export function withoutSecrets(text: string): string {
  return PARTS.test(text) ? text.replaceAll(SECRETS, '…') : text
}
