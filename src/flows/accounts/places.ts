/** Where the accounts of tenants are, and the objects that have their jobs and deliveries. */
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { askReachable } from '#flows/upstream/ask-reachable.ts'

/** The object of one account. Without `account`: the account was removed, and its object still has its jobs. */
export interface Place {
  tenant: string
  provider: string
  key: string
  account?: Account
}

/** What could not be asked. `email` null: all accounts of this tenant and provider, or a removed one. */
export interface MissingPlace {
  tenant: string
  provider: string
  email: string | null
}

export interface Places {
  places: Place[]
  missing: MissingPlace[]
  /** False: there are too many tenants or accounts to ask all of them. */
  isWhole: boolean
}

const TENANTS_MAX = 400
/** The most objects of accounts that one request asks. */
const PLACES_MAX = 1000

export function toMissing({ tenant, provider, account }: Place): MissingPlace {
  return { tenant, provider, email: account?.email ?? null }
}

/** The objects of the accounts that one tenant has at a provider, and had. */
export async function placesOfTenant(
  ports: Ports,
  tenant: string,
  provider: string
): Promise<Place[]> {
  const [{ accounts }, former] = await Promise.all([
    ports.accounts.list(tenant, provider),
    ports.desk(tenant, provider).formerKeys(),
  ])
  return toPlaces({ tenant, provider }, accounts, former)
}

/** The same for all tenants, or for the one of this name, at every provider. `withRemoved`: also of removed accounts. */
export async function placesOfAll(
  ports: Ports,
  providers: readonly string[],
  { tenant, withRemoved = false }: { tenant?: string | undefined; withRemoved?: boolean }
): Promise<Places> {
  const tenants = await tenantsNamed(ports, tenant)
  const desks = tenants
    .slice(0, TENANTS_MAX)
    .flatMap((one) => providers.map((provider) => ({ tenant: one, provider })))
  const { answers, missing } = await askReachable(ports, desks, async (of) => {
    const desk = ports.desk(of.tenant, of.provider)
    const former = withRemoved ? desk.formerKeys() : []
    const [{ accounts }, keys] = await Promise.all([desk.snapshot(), former])
    return toPlaces(of, accounts, keys)
  })
  const all = answers.flatMap(({ answer }) => answer)
  return {
    places: all.slice(0, PLACES_MAX),
    missing: missing.map((of) => ({ ...of, email: null })),
    isWhole: tenants.length <= TENANTS_MAX && all.length <= PLACES_MAX,
  }
}

/** The ids of all tenants, or of the one of this name. */
export async function tenantsNamed(
  ports: Pick<Ports, 'registrar'>,
  name: string | undefined
): Promise<string[]> {
  if (name === undefined) return (await ports.registrar.listTenants()).map(({ id }) => id)
  const found = await ports.registrar.findTenant(name, true)
  if (!found) throw new AppError('not_found', 'There is no such tenant')
  return [found.id]
}

function toPlaces(
  of: { tenant: string; provider: string },
  accounts: readonly Account[],
  former: readonly string[]
): Place[] {
  const present = accounts.map((account) => ({ ...of, key: account.key, account }))
  const keys = new Set(accounts.map(({ key }) => key))
  const removed = new Set(former.filter((key) => !keys.has(key)))
  return [...present, ...[...removed].map((key) => ({ ...of, key }))]
}
