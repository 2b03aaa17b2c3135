/** Makes a small call to a provider whose answer is JSON. */
import { parseJson } from '#domain/text/json-text.ts'
import type { Upstream } from '#providers/contract/provider.ts'

const TIMEOUT_MS = 15_000

export interface JsonAnswer {
  /** 0: the provider could not be reached. */
  status: number
  /** Undefined: the body is not JSON. */
  body: unknown
}

interface Question {
  method: string
  path: string
  headers: Headers
  body?: string
}

/** Never throws. */
export async function askJson(
  upstream: Upstream,
  origin: string,
  { headers, ...question }: Question
): Promise<JsonAnswer> {
  const call = { ...question, headers: Object.fromEntries(headers), timeoutMs: TIMEOUT_MS }
  try {
    const { status, text } = await upstream.send(origin, call)
    return { status, body: parseJson(text) }
  } catch {
    return { status: 0, body: undefined }
  }
}
