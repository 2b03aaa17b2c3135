/**
 * Lines of the log: one JSON object each, under one level, with the same names for the same ids in all of them
 * (docs/operate.md lists them). What looks like a secret is blotted out here once more, whoever wrote it.
 */
import { ERROR_STATUS, type ErrorCode } from './errors.ts'

export type Level = 'info' | 'warn' | 'error'
export type Facts = Record<string, unknown>

/** Somebody has to do something. */
const ERRORS = new Set([
  'unexpected',
  'setting_invalid',
  'delivery_given_up',
  'bind_given_up',
  'alarm_failed',
  'sealed_by_unknown_key',
])
/** The gateway goes on by itself. */
const WARNINGS = new Set([
  'parked',
  'outcome_unknown',
  'credential_refused',
  'admin_token_missing_or_short',
  'unknown_status_word',
  'check_started_jobs',
])
const WARNING = /_failed$|_not_/

/** Ends that are no ends of a job in its provider's words. */
const ODD_OUTCOMES = new Set(['gone', 'absent', 'lost', 'outcome_unknown'])
const REFUSALS = new Set([401, 402, 403, 424, 429])

function levelOf(event: string, facts: Facts): Level {
  if (event === 'request') return levelOfRequest(facts)
  if (event === 'job_ended') return ODD_OUTCOMES.has(String(facts['outcome'])) ? 'warn' : 'info'
  if (ERRORS.has(event)) return 'error'
  return WARNINGS.has(event) || WARNING.test(event) ? 'warn' : 'info'
}

/** An error of ours that nobody expected is one; what the provider or a limit refused is a warning. */
function levelOfRequest({ status, code }: Facts): Level {
  if (code === ('internal' satisfies ErrorCode)) return 'error'
  const number = Number(status)
  return number >= ERROR_STATUS.internal || REFUSALS.has(number) ? 'warn' : 'info'
}

/** Members without a value are left out. An `email` among the facts is the account's. */
export function lineOf(event: string, about: Facts, facts: Facts): { level: Level; text: string } {
  const { email, ...rest } = facts
  const account = email === undefined ? {} : { account: email }
  const level = levelOf(event, rest)
  const text = JSON.stringify({ event, level, ...about, ...account, ...rest })
  return { level, text: withoutSecrets(text) }
}

/**
 * Tokens, secret keys and stream tokens of ours; providers' keys; webhook secrets; signed tokens; sealed
 * texts, as they stand in the addresses that we give out. What stands before a dot is bounded, or a long line of others would
 * be read again from each of its hyphens.
 */
const SECRETS =
  /\bhg[wks]_[\w.-]{8,}|\bsk_[\w-]{6,}|\bwhsec_[\w+/=-]{6,}|\beyJ[\w-]{8,1000}\.[\w.-]+|\b[\w-]{1,64}\.[\w+/-]{16}\.[\w+/=-]{24,}/g

export function withoutSecrets(text: string): string {
  return text.replaceAll(SECRETS, '…')
}
