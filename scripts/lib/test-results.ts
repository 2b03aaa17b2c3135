/** Counts the results that vitest's json reporter has written. */
import { readFileSync } from 'node:fs'

interface Results {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

export interface Counts {
  passed: number
  failed: number
}

/** No readable file counts as one failure. */
export function countResults(file: string): Counts {
  const results = readResults(file)
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + countFailedFiles(results),
  }
}

function readResults(file: string): Results {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, testResults: [] }
  }
}

/** Counts files that failed without a failed test: the file could not be loaded, or a hook before or after its tests threw. */
function countFailedFiles({ testResults }: Results): number {
  return testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed')
  ).length
}
