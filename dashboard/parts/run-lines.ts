/** Works through a list, a few at a time, until it is done or stopped. What has begun is never begun again. */

const AT_ONCE = 3

export async function runLines<T>(
  lines: readonly T[],
  signal: AbortSignal,
  work: (line: T) => Promise<void>
): Promise<void> {
  const left = [...lines]
  const takeNext = async (): Promise<void> => {
    for (let line = left.shift(); line !== undefined && !signal.aborted; line = left.shift()) {
      await work(line)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, takeNext))
}
