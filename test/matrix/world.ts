/** The gateway of the matrix: two tenants with an account each at both providers, and the kinds of callers that there are. */
import { randomBytes } from 'node:crypto'
import { newToken } from '#domain/access/token.ts'
import { CLOCKED, stopClock } from '../support/clock/clock.ts'
import { ADMIN_TOKEN, openGateway, type Gateway } from '../support/gateway.ts'
import { Receiver } from '../support/receiver.ts'
import { addKling } from '../support/scenes/kling.ts'
import { CLIENT } from '../support/scenes/sign-in.ts'
import { newStreamToken } from '../support/scenes/streaming.ts'

const METRICS_TOKEN = `metrics-of-tests-${randomBytes(24).toString('hex')}`

/** What a caller sends to say who it is. */
export interface Caller {
  name: string
  about: string
  headers: Record<string, string>
}

export interface World {
  gateway: Gateway
  receiver: Receiver
  /** The tenant whose things the calls name. */
  tenant: string
  /** Those that the gateway knows nobody by, or lets in nowhere: they reach nothing. */
  refused: Caller[]
  /** Those that some path lets in. The one that may do most comes last, because it changes most. */
  known: Caller[]
  dispose: () => Promise<void>
}

/** Creations of the matrix do not end by themselves, so the accounts have room for all of them. */
const MANY = 1000

export async function openWorld(vars: Record<string, string> = {}): Promise<World> {
  const receiver = await Receiver.open()
  const gateway = await openGateway({
    entry: CLOCKED,
    vars: {
      ...CLIENT,
      HEYGEN_MAX_JOBS: String(MANY),
      ALLOW_LOOPBACK_CALLBACKS: 'true',
      METRICS_TOKEN,
      ...vars,
    },
    simVars: { SYNC_MS: '1' },
  })
  // A token may search for 30 ids a minute. The clock is moved from row to row.
  await stopClock(gateway)
  await gateway.addAccount('ann', MANY, { examples: true, streamingConcurrency: MANY })
  await addKling(gateway, 'kim', { maxJobs: 50, sim: { examples: true } })
  await addKling(gateway, 'kai', { maxJobs: 50 })
  const other = gateway.as((await gateway.newToken()).token)
  await other.addAccount('bob', MANY)
  await addKling(other, 'kit', { maxJobs: 50 })
  const { id: tenant } = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
  // Where older calls are carried there are no streaming sessions.
  const browser = vars['LEGACY'] === 'bridge' ? 'hgs_none' : await newStreamToken(gateway)
  const callers = await makeCallers(gateway, tenant, other.token, browser)
  const dispose = async () => {
    await gateway.dispose()
    await receiver.close()
  }
  return { gateway, receiver, tenant, ...callers, dispose }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

async function makeCallers(
  gateway: Gateway,
  tenant: string,
  other: string,
  browser: string
): Promise<Pick<World, 'refused' | 'known'>> {
  const [lapsed, expired, removed, use, own] = await Promise.all([
    gateway.newToken({ tenant, subscription: 'lapsed' }),
    gateway.newToken({ tenant }),
    gateway.newToken({ tenant }),
    gateway.newToken({ tenant, scope: 'use' }),
    gateway.newToken({ tenant, sees: 'own' }),
  ])
  await gateway.admin('PATCH', `/tokens/${expired.id}`, { expiresAt: '2020-01-01T00:00:00Z' })
  await gateway.admin('DELETE', `/tokens/${removed.id}`)
  const orphan = await gateway.newToken()
  await gateway.admin('DELETE', `/tenants/${orphan.tenant}`)
  const refused: Caller[] = [
    { name: 'none', about: 'no token', headers: {} },
    {
      name: 'made up',
      about: 'a token in the right form that nobody gave out',
      headers: bearer(newToken((count) => randomBytes(count))),
    },
    {
      name: "provider's",
      about: "a key of the provider's instead of a token: the one of the tenant's own account",
      headers: bearer('sk_test_ann'),
    },
    { name: 'lapsed', about: 'the subscription has lapsed', headers: bearer(lapsed.token) },
    { name: 'expired', about: 'the token has expired', headers: bearer(expired.token) },
    { name: 'removed', about: 'the token was removed', headers: bearer(removed.token) },
    { name: 'no tenant', about: 'its tenant was removed', headers: bearer(orphan.token) },
  ]
  const known: Caller[] = [
    { name: 'metrics', about: 'METRICS_TOKEN', headers: bearer(METRICS_TOKEN) },
    {
      name: 'browser',
      about: 'a stream token, made with a token of the tenant',
      headers: bearer(browser),
    },
    { name: 'other', about: 'a token of another tenant, scope full', headers: bearer(other) },
    { name: 'operator', about: 'ADMIN_TOKEN', headers: bearer(ADMIN_TOKEN) },
    {
      name: 'operator for',
      about: 'ADMIN_TOKEN, and X-Gateway-Tenant with the name of the tenant',
      headers: { ...bearer(ADMIN_TOKEN), 'x-gateway-tenant': tenant },
    },
    {
      name: 'in X-Api-Key',
      about: 'a token of the tenant, scope full, but in X-Api-Key',
      headers: { 'x-api-key': gateway.token },
    },
    {
      name: 'own',
      about: 'a token of the tenant with `sees: own`, which has made nothing that a row names',
      headers: bearer(own.token),
    },
    { name: 'use', about: 'a token of the tenant, scope use', headers: bearer(use.token) },
    { name: 'full', about: 'a token of the tenant, scope full', headers: bearer(gateway.token) },
  ]
  return { refused, known }
}
