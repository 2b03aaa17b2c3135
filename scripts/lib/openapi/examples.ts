/** Real requests and answers of a gateway with the simulator. `npm run openapi:examples` writes them (tour.ts). */
import { readFileSync } from 'node:fs'
import type { Json } from './json.ts'

export interface Example {
  request?: Json
  status: number
  answer?: Json
}

const FILE = new URL('examples.json', import.meta.url)

export const EXAMPLES: Record<string, Example | undefined> = JSON.parse(
  readFileSync(FILE, 'utf8')
) as Record<string, Example>
