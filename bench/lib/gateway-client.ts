/** Sets a gateway up over HTTP, as its operator and as a tenant. */

export class GatewayClient {
  /** Changes when the gateway is started again. */
  port: number
  readonly headers: Record<string, string>
  /** The tenant's id. */
  readonly tenant: string

  private constructor(port: number, { token, tenant }: { token: string; tenant: string }) {
    this.tenant = tenant
    this.port = port
    this.headers = { authorization: `Bearer ${token}` }
  }

  static async open(port: number, adminToken: string, name = 'bench'): Promise<GatewayClient> {
    const made = await ask(port, '/admin/tokens', adminToken, { name })
    return new GatewayClient(port, made as { token: string; tenant: string })
  }

  async addAccount(name: string, maxJobs: number): Promise<void> {
    await this.post('/v1/heygen/accounts', {
      email: `${name}@example.com`,
      apiKey: `sk_bench_${name}`,
      maxJobs,
    })
  }

  post(path: string, body: unknown): Promise<unknown> {
    return ask(this.port, path, this.headers['authorization']?.slice(7) ?? '', body)
  }

  async get(path: string, port = this.port): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: this.headers })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
    return text
  }
}

async function ask(port: number, path: string, token: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
  return JSON.parse(text) as unknown
}
