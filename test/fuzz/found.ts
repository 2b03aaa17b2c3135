/** What `npm run fuzz` has found, as the smallest request that showed it. */
import type { Wire } from './wire.ts'

export interface Found {
  /** What is true now. */
  name: string
  wire: Wire
  status: number
  /** The error's code. null: the answer is none of the gateway's errors. */
  code: string | null
}

export const FOUND: Found[] = [
  {
    name: 'HEAD /mcp is answered as GET is, not as an empty message',
    wire: { method: 'HEAD', target: '/mcp', headers: [] },
    status: 405,
    code: 'method_not_allowed',
  },
]
