/** The gateway of the fuzz run: the tenant that asks, another whose things it must never see, and one that only tells if all still works. */
import { randomBytes } from 'node:crypto'
import { ADMIN_TOKEN, MASTER_KEYS, openGateway, type Gateway } from '../support/gateway.ts'
import type { Known } from './checks.ts'
import { IDS, type CallerName, type Drawn } from './requests.ts'
import type { Wire } from './wire.ts'

const MANY = 1000
const KLING = {
  apiKey: 'kling_key_fuzz',
  accessKey: 'kling_ak_fuzz',
  secretKey: 'kling_secret_fuzz',
}
const CANARY = `canary${randomBytes(6).toString('hex')}`

export interface FuzzWorld {
  gateway: Gateway
  /** Clients of the tenants that send requests. */
  askers: Gateway[]
  known: Known
  toWire: (drawn: Drawn, n: number) => Wire
  /** Puts back what requests may rightly have taken away. Fails if the gateway no longer works. */
  restore: () => Promise<void>
  /** The jobs that run at the provider. None ends by itself. */
  running: () => Promise<StartedJob[]>
}

interface StartedJob {
  id: string
  entityId: string
  row: string
}

export async function openFuzzWorld(vars: Record<string, string> = {}): Promise<FuzzWorld> {
  const gateway = await openGateway({
    vars: { HEYGEN_MAX_JOBS: String(MANY), ALLOW_LOOPBACK_CALLBACKS: 'true', ...vars },
    simVars: { SYNC_MS: '1' },
  })
  const watcher = gateway.as((await gateway.newToken({ tenant: 'watcher' })).token)
  await watcher.addAccount('wat', MANY)
  const full = await gateway.newToken({ tenant: 'asker' })
  const asker = gateway.as(full.token)
  await gateway.sim.addAccount('ann@example.com', 'sk_test_ann', { examples: true })
  await makeKling(gateway)
  const use = await gateway.newToken({ tenant: 'asker', scope: 'use' })
  const lapsed = await gateway.newToken({ tenant: 'asker', subscription: 'lapsed' })
  const made = await gateway.newToken({ tenant: 'other' })
  const other = gateway.as(made.token)
  await other.addAccount(CANARY, MANY)
  const hidden = await jobOf(other, { title: CANARY })
  const foreign = await jobOf(other, { title: CANARY })
  let mine = ''
  const headers: Record<CallerName, [string, string][]> = {
    full: bearer(full.token),
    use: bearer(use.token),
    other: bearer(made.token),
    operator: bearer(ADMIN_TOKEN),
    'operator for': [...bearer(ADMIN_TOKEN), ['X-Gateway-Tenant', 'asker']],
    lapsed: bearer(lapsed.token),
    none: [],
  }
  const toWire = ({ caller, isInKey, wire }: Drawn, n: number): Wire => {
    const filled = (text: string) =>
      text
        .replaceAll(IDS.own, mine)
        .replaceAll(IDS.foreign, foreign)
        .replaceAll(IDS.email, 'ann@example.com')
        // The other tenant's name is never sent: then it may stand in no answer.
        .replaceAll(IDS.foreignEmail, 'nobody@example.com')
    const own = wire.headers.some(([name]) => /^(authorization|x-gateway-tenant)$/i.test(name))
      ? []
      : headers[caller].map(([name, value]): [string, string] =>
          isInKey && name === 'Authorization'
            ? ['X-Api-Key', value.slice('Bearer '.length)]
            : [name, value]
        )
    return {
      ...wire,
      target: filled(wire.target),
      headers: [
        ...own,
        // Failed authentications are counted by address.
        ['CF-Connecting-IP', `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`],
        ...wire.headers.map(([name, value]): [string, string] => [name, filled(value)]),
      ],
      ...(wire.body === undefined ? {} : { body: filled(String(wire.body)) }),
    }
  }
  const restore = async () => {
    await gateway.sim.finishJobs()
    await addAccounts(asker)
    mine = await jobOf(asker)
    const works = await watcher.fetch('/v3/users/me')
    if (works.status !== 200)
      throw new Error(`the gateway no longer works: ${works.status} ${await works.text()}`)
    await works.body?.cancel()
  }
  const running = async () => {
    const { jobs } = await gateway.sim.control<{ jobs: StartedJob[] }>('GET', '/state?jobs=active')
    return jobs
  }
  const known = {
    secrets: [
      ...[
        ADMIN_TOKEN,
        MASTER_KEYS.slice(3),
        full.token,
        use.token,
        lapsed.token,
        made.token,
        watcher.token,
      ],
      ...['sk_test_', KLING.apiKey, KLING.secretKey],
    ],
    foreign: [CANARY, hidden],
  }
  await restore()
  return { gateway, askers: [asker, other], known, toWire, restore, running }
}

const bearer = (token: string): [string, string][] => [['Authorization', `Bearer ${token}`]]

async function jobOf(gateway: Gateway, more: object = {}): Promise<string> {
  const made = await gateway.createVideo({ ...more })
  const id = made.headers.get('x-gateway-job')
  if (id === null) throw new Error(`no job: ${made.status} ${await made.text()}`)
  return id
}

async function makeKling(gateway: Gateway): Promise<void> {
  const { apiKey, accessKey, secretKey } = KLING
  const keys = { apiKeys: [apiKey], accessKey, secretKey, concurrency: null }
  await gateway.sim.control('POST', '/accounts', {
    provider: 'kling',
    email: 'kim@example.com',
    examples: true,
    ...keys,
  })
}

/** The asker may remove its accounts. */
async function addAccounts(asker: Gateway): Promise<void> {
  const heygen = { email: 'ann@example.com', apiKey: 'sk_test_ann', maxJobs: MANY }
  const kling = { email: 'kim@example.com', ...KLING, maxJobs: 50 }
  for (const [provider, account] of Object.entries({ heygen, kling })) {
    const added = await asker.post(`/v1/${provider}/accounts`, account)
    if (added.status !== 201 && added.status !== 200)
      throw new Error(`${provider}: ${added.status} ${await added.text()}`)
    await added.body?.cancel()
  }
}
