/** Real requests and answers of a gateway with the simulator. `npm run openapi:examples` writes them (tour.ts). */
import { readFileSync } from 'node:fs'
import type { Json } from './json.ts'

export interface Example {
  request?: Json
  status: number
  answer?: Json
}

/** A longer example shows less than its schema does, and the document has a limit. */
const CHARS_MAX = 1500

const shown = new Set<string>()

/** The example of an answer, with the first operation whose answer has this schema. The others would repeat it. */
export function answerExample(
  operationId: string,
  schema: string,
  status?: string
): Json | undefined {
  const seen = EXAMPLES[operationId]
  if (seen?.answer === undefined || (status !== undefined && status !== String(seen.status)))
    return undefined
  if (shown.has(schema) || JSON.stringify(seen.answer).length > CHARS_MAX) return undefined
  shown.add(schema)
  return seen.answer
}

const FILE = new URL('examples.json', import.meta.url)

export const EXAMPLES: Record<string, Example | undefined> = JSON.parse(
  readFileSync(FILE, 'utf8')
) as Record<string, Example>
