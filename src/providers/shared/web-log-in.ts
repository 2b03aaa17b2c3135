/** A log-in at a provider's own website, as far as it is the same everywhere. No protection of a site is worked around. */
import { parseJson } from '#domain/text/json-text.ts'
import type { LogIn, Upstream } from '#providers/contract/provider.ts'

const TIMEOUT_MS = 15_000

/** `name`: the provider's, in messages. `useAKey`: the sentence that says what to do instead. */
interface Site {
  name: string
  useAKey: string
}

interface Form {
  path: string
  headers: Record<string, string>
  body: string
}

export interface LogInAnswer {
  status: number
  headers: Headers
  body: unknown
  /** Epoch ms, when it came. */
  now: number
}

/** Never throws. `read` gets an answer of the site itself, in JSON. */
export async function logInAt(
  upstream: Upstream,
  origin: string,
  { name, useAKey }: Site,
  form: Form,
  read: (answer: LogInAnswer) => LogIn
): Promise<LogIn> {
  const call = { method: 'POST', ...form, timeoutMs: TIMEOUT_MS }
  try {
    const { status, headers, text } = await upstream.send(origin, call)
    if (status >= 500) {
      const message = `${name} answered the log-in with ${status}`
      return { ok: false, reason: 'unreachable', message }
    }
    const body = parseJson(text)
    if (status === 403 || status === 429 || body === undefined)
      return refused(`${name}'s edge did not let the log-in through. ${useAKey}`)
    return read({ status, headers, body, now: upstream.now() })
  } catch {
    return { ok: false, reason: 'unreachable', message: `${name} could not be reached to log in` }
  }
}

export function asksForCaptcha({ name, useAKey }: Site): LogIn {
  return refused(`${name} asks for a captcha. ${useAKey}`)
}

export function asksForSecondFactor({ useAKey }: Site): LogIn {
  return refused(`This account asks for a second factor, which a server cannot give. ${useAKey}`)
}

function refused(message: string): LogIn {
  return { ok: false, reason: 'refused', message }
}
