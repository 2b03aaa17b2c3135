/** The API of the throw-away provider, in a few lines. It counts its own jobs. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Job {
  id: string
  key: string
  state: 'working' | 'finished' | 'broken'
  ref: string | null
  created_at: string
}

type Reply = [status: number, body: object]

export class DemoUpstream {
  url = ''
  readonly jobs: Job[] = []
  readonly maxInFlight = new Map<string, number>()
  creations = 0
  /** Whether the next creation is accepted and its answer lost. */
  losesNext = false
  /** By how much its clock was moved. */
  aheadMs = 0
  readonly #server = createServer((request, response) => {
    void this.#serve(request).then((reply) => {
      if (!reply) return response.destroy()
      response.writeHead(reply[0], { 'content-type': 'application/json' })
      return response.end(JSON.stringify(reply[1]))
    })
  })

  static async open(): Promise<DemoUpstream> {
    const upstream = new DemoUpstream()
    upstream.#server.keepAliveTimeout = 0
    await new Promise<void>((resolve) => upstream.#server.listen(0, '127.0.0.1', resolve))
    upstream.url = `http://127.0.0.1:${(upstream.#server.address() as AddressInfo).port}`
    return upstream
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  end(state: 'finished' | 'broken'): void {
    for (const job of this.jobs) if (job.state === 'working') job.state = state
  }

  async #serve(request: IncomingMessage): Promise<Reply | undefined> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const key = String(request.headers['x-demo-key'])
    if (!key.startsWith('demo_key_')) return [401, { oops: 'who are you?' }]
    const mine = this.jobs.filter((job) => job.key === key)
    const { pathname } = new URL(request.url ?? '', 'http://demo')
    if (pathname === '/me') return [200, { id: key.slice('demo_key_'.length) }]
    if (pathname === '/jobs' && request.method === 'POST') {
      const job = this.#start(key, JSON.parse(text) as { ref?: string })
      if (!this.losesNext) return [201, { job }]
      this.losesNext = false
      return undefined
    }
    if (pathname === '/jobs') return [200, { jobs: mine.toReversed() }]
    const job = mine.find(({ id }) => pathname === `/jobs/${id}`)
    return job ? [200, { job }] : [404, { oops: 'no such job' }]
  }

  #start(key: string, { ref }: { ref?: string }): Job {
    this.creations += 1
    const created_at = new Date(Date.now() + this.aheadMs).toISOString()
    const job: Job = {
      id: `j${this.creations}`,
      key,
      state: 'working',
      ref: ref ?? null,
      created_at,
    }
    this.jobs.push(job)
    const running = this.jobs.filter((one) => one.key === key && one.state === 'working').length
    this.maxInFlight.set(key, Math.max(running, this.maxInFlight.get(key) ?? 0))
    return job
  }
}
