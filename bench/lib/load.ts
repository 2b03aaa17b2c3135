/** What the load generator is asked and what it says. It runs in a process of its own: load-process.ts. */
import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import path from 'node:path'

export interface BenchRequest {
  method: string
  path: string
  headers: Record<string, string>
  body?: string
  /** Every answer is checked. */
  expect: {
    status: number
    /** The body must be this text … */
    is?: string
    /** … or contain this text. */
    has?: string
  }
}

export interface Load {
  port: number
  /** Sent in turn. */
  requests: BenchRequest[]
  connections: number
  /** How many requests are sent before the measured ones. */
  warmUp?: number
  /** Either: for how long, or how many. */
  ms?: number
  count?: number
  /** The process whose CPU time is measured. */
  pid?: number
  /** A pattern whose first group is collected from each body of the measured time. */
  collect?: string
}

export interface Measured {
  answers: number
  seconds: number
  /** Of the process `pid`, during the measured time. */
  cpuMs: number
  p50: number
  p99: number
  /** How many answers were wrong, with the warm-up's. */
  wrong: number
  /** The first wrong ones, as text. */
  examples: string[]
  collected: string[]
}

export class LoadGenerator {
  readonly #child: ChildProcess

  constructor() {
    this.#child = fork(path.join(import.meta.dirname, 'load-process.ts'))
  }

  /** Throws if an answer was wrong: numbers of wrong answers mean nothing. */
  async run(load: Load): Promise<Measured> {
    const measured = await new Promise<Measured | { error: string }>((resolve, reject) => {
      this.#child.once('message', (message) => resolve(message as Measured))
      this.#child.once('exit', () => reject(new Error('the load generator ended')))
      this.#child.send(load)
    })
    this.#child.removeAllListeners('exit')
    if ('error' in measured) throw new Error(measured.error)
    if (measured.wrong > 0)
      throw new Error(`${measured.wrong} wrong answers, such as ${measured.examples.join(' | ')}`)
    return measured
  }

  close(): void {
    this.#child.kill()
  }
}

/** The request as it is sent. */
export function toBytes({ method, path, headers, body }: BenchRequest, port: number): Buffer {
  const all: Record<string, string> = { host: `127.0.0.1:${port}`, accept: '*/*', ...headers }
  if (body !== undefined) all['content-length'] = String(Buffer.byteLength(body))
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`)
}
