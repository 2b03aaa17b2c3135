/** Values as they cross from one party to another: structured clones. Functions and class instances do not cross. */
import { deserialize, serialize } from 'node:v8'

export function toWire(value: unknown): Buffer {
  return serialize(value)
}

export function fromWire<T>(bytes: Buffer): T {
  return deserialize(bytes) as T
}

const BUILT_IN = new Set(['Error', 'TypeError', 'RangeError', 'SyntaxError', 'ReferenceError'])

/** An error of an object's method as its caller sees it: its own members are lost. */
export function remoteError(thrown: unknown): Error {
  const { name = 'Error', message = String(thrown) } = (thrown ?? {}) as Partial<Error>
  const error = new Error(BUILT_IN.has(name) ? message : `${name}: ${message}`)
  if (BUILT_IN.has(name)) error.name = name
  return Object.assign(error, { remote: true })
}

/** How a call of an object fails on the platform. Most errors may be retried; an overloaded object must not be called again. */
export const CALL_FAULTS = [
  { message: 'Network connection lost.', retryable: true },
  { message: 'The object was reset.', retryable: true },
  { message: 'internal error; reference = 0123456789abcdef' },
  { message: 'Durable Object is overloaded.', overloaded: true, retryable: true },
] as const

/** The platform could not say whether the call was run. */
export function lostCall({ message, ...marks }: (typeof CALL_FAULTS)[number]): Error {
  return Object.assign(new Error(message), marks)
}

export function fail(error: Error): never {
  throw error
}
