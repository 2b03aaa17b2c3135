/**
 * Calls a Durable Object. Every RPC method is safe to repeat, so a passing failure is retried with a new stub. An overloaded
 * object is not called again (reference/cloudflare.md section 2).
 */
import type { Platform } from '#domain/ports/platform.ts'

const ATTEMPTS = 3

interface ObjectError {
  retryable?: boolean
  overloaded?: boolean
}

export function askObject<S>(
  stubOf: () => S,
  { after, random }: Pick<Platform, 'after' | 'random'>
) {
  return async <T>(question: (stub: S) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await question(stubOf())
      } catch (error) {
        const { retryable, overloaded } = (error ?? {}) as ObjectError
        if (attempt === ATTEMPTS || retryable !== true || overloaded === true) throw error
        await after(50 * attempt + random() * 50)
      }
    }
  }
}
