/** HeyGen's n8n node as a program of its own, pointed at a gateway. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Gateway } from '../../support/gateway.ts'
import { redirectTo } from '../run-client.ts'

const FOLDER = 'test/clients/full'

export interface Step {
  json?: { data?: Record<string, unknown> }
  error?: { name: string; message: string; description: string; httpCode: string }
}

/** One process for all steps: it takes seconds to load. */
export function n8n(gateway: Gateway): { run(parameters: object): Promise<Step>; stop(): void } {
  const env = { ...process.env, ...redirectTo(gateway), TOKEN: gateway.token }
  const child = spawn(process.execPath, ['n8n-node.mjs'], { cwd: FOLDER, env })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let stderr = ''
  child.stderr.on('data', (chunk) => (stderr += String(chunk)))
  return {
    async run(parameters) {
      child.stdin.write(`${JSON.stringify(parameters)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(stderr)
      return JSON.parse(value) as Step
    },
    stop: () => child.stdin.end(),
  }
}
