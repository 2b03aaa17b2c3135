import { test } from 'vitest'

/** Whether `npm run test:full` runs. Files without any test for `npm test` end in `.full.test.ts`. */
export const isFull = process.env.FULL === '1'

/**
 * Chooses from a product of rows and cases: in `npm test` the first of each kind, in `npm run test:full` all. `kindOf` names the
 * difference that matters to the tested code.
 */
export function oneOfEach<T>(all: T[], kindOf: (one: T) => string): T[] {
  return isFull ? all : [...Map.groupBy(all, kindOf).values()].flatMap((kind) => kind.slice(0, 1))
}

/** A test that only `npm run test:full` runs. The line before it names the file that has a case of its kind in `npm test`. */
export function testFull(name: string, work: () => Promise<unknown>, timeoutMs?: number): void {
  if (isFull) test(name, work, timeoutMs)
}
