/** Logs in at a provider's own website: the part that all providers share. It works around no protection of a site. */
import { parseJson } from '#domain/text/json-text.ts'
import type { LogIn, Upstream } from '#providers/contract/provider.ts'

const TIMEOUT_MS = 15_000

/** `name`: the provider's name in messages. `useAKey`: the sentence that says what to do instead. */
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
  /** When the answer came, epoch ms. */
  now: number
}

/** Never throws. `read` gets only JSON answers of the site itself. */
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
