import { test } from 'vitest'

/** What `npm run test:full` does and `npm test` does not. Files of which nothing is in `npm test` end in `.full.test.ts`. */
export const isFull = process.env.FULL === '1'

/**
 * Of a product of rows and cases: in `npm test` the first of each kind, in `npm run test:full` all. `kindOf` says by
 * what the code that is tested tells them apart.
 */
export function oneOfEach<T>(all: T[], kindOf: (one: T) => string): T[] {
  return isFull ? all : [...Map.groupBy(all, kindOf).values()].flatMap(([first]) => first ?? [])
}

/** A test of `npm run test:full` alone: another file has its kind in `npm test`, as the line before it says. */
export function testFull(name: string, work: () => Promise<unknown>, timeoutMs?: number): void {
  if (isFull) test(name, work, timeoutMs)
}
