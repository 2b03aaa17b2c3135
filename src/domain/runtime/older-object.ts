/**
 * Whether a call failed because the object is of an older release, which lacks the method. Then nothing was done, and nothing is
 * there: such a desk has no line.
 */
export function lacksMethod(error: unknown): boolean {
  return error instanceof Error && /does not implement the method/i.test(error.message)
}
