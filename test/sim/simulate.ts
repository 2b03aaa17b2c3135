/** Runs `npm run sim` as a process of its own, since a world takes the clock and the network of its process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Simulated {
  code: number
  /** What it printed. */
  lines: string[]
  lastLine: string
}

export async function simulate(...options: string[]): Promise<Simulated> {
  const child = spawn(process.execPath, ['sim/run.ts', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  const lines = text.trimEnd().split('\n')
  return { code: code ?? -1, lines, lastLine: lines.at(-1) ?? '' }
}
