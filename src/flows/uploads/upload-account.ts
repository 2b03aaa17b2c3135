/**
 * Picks the account for an upload: the token's home account, which the tenant's object chooses and counts in one call.
 * Folders, knowledge bases and the like go to the same account, because they are used together with uploads later.
 */
import type { Account } from '#domain/accounts/account.ts'
import { drainedParking } from '#domain/accounts/drained.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { rowOf } from '#flows/accounts/report-refusal.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { mostFreeFirst } from '#flows/accounts/most-free-first.ts'

const AT_HOME = ['roomy', 'home']

/** The accounts, the home account first. `drawn`: the usable accounts in random order. `all`: parked accounts, too. */
export async function homeFirst(
  ports: Ports,
  call: ProxyCall,
  drawn: readonly Account[],
  all: readonly Account[]
): Promise<readonly Account[]> {
  const { pool = 'any' } = call.match?.route ?? {}
  if (!AT_HOME.includes(pool) || drawn.length < 2) return drawn
  const now = ports.now()
  const own = `row:${rowOf(call)}`
  // A parking that stops only another row or one kind of jobs does not change the home account.
  const isMoving = (scope: string) => !/^(meter|row):/.test(scope) || scope === own
  const parked = all.flatMap((account) => {
    const { email, key } = account
    const known = [drainedParking(account), ...ports.hints.parkings(key, now)]
    const ends = known.filter((one) => one !== undefined && isMoving(one.scope)) as Parking[]
    return ends.length === 0 ? [] : [{ email, until: Math.max(...ends.map(({ until }) => until)) }]
  })
  // What is uploaded to a drained account could not be used there.
  const taking = drawn.filter(({ isDrained }) => isDrained !== true)
  const able = taking.length > 0 ? taking : drawn
  const wish = { able: able.map(({ email }) => email), parked, isUpload: pool === 'roomy' }
  const email = await ports
    .desk(call.tenant, call.provider.name)
    .takeHome(call.tokenId ?? '', wish)
    .catch(() => undefined)
  const home = drawn.find((account) => account.email === email)
  // Without a home, the tenant's object cannot be asked, or it is of an older version.
  if (!home) return pool === 'roomy' ? mostFreeFirst(ports, drawn) : drawn
  return [home, ...drawn.filter((account) => account !== home)]
}
