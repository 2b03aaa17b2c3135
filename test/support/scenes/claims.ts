/** Tenants that add the same provider account, on a gateway whose claims can be delayed (slow-claims-worker.ts). */
import { until, type Gateway } from '../gateway.ts'

export const SLOW_CLAIMS = 'test/support/workers/slow-claims-worker.ts'
const ACCOUNTS = '/v1/heygen/accounts'

export async function setClaims(gateway: Gateway, change: object = {}): Promise<void> {
  await fetch(`${gateway.url}/__claims`, { method: 'POST', body: JSON.stringify(change) })
}

export function untilHeld(gateway: Gateway): Promise<boolean> {
  return until(async () => {
    const answer = await fetch(`${gateway.url}/__claims`)
    return ((await answer.json()) as { held: number }).held > 0
  })
}

export class Tenant {
  readonly id: string
  readonly gateway: Gateway

  private constructor(gateway: Gateway, id: string) {
    this.gateway = gateway
    this.id = id
  }

  static async open(gateway: Gateway): Promise<Tenant> {
    const { token, tenant } = await gateway.newToken()
    return new Tenant(gateway.as(token), tenant)
  }

  async add(key: string, email = `${key}@example.com`): Promise<number> {
    const body = { email, apiKey: `sk_test_${key}`, maxJobs: 1 }
    return (await this.gateway.post(ACCOUNTS, body)).status
  }

  async remove(email: string): Promise<number> {
    return (await this.gateway.fetch(`${ACCOUNTS}/${email}`, { method: 'DELETE' })).status
  }

  async emails(): Promise<string[]> {
    const answer = await this.gateway.fetch(ACCOUNTS)
    return answer.status === 404 ? [] : Object.keys((await answer.json()) as object)
  }
}
