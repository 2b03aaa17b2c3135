/**
 * Claims a provider account for one tenant and email. The first tenant that shows a valid credential gets it. A crash may leave
 * a claim whose tenant's desk does not have the account. Such a claim is replaced, by its id, so that a newer one stays.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { PushedTargets } from '#domain/events/endpoint.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Holder } from '#domain/accounts/account.ts'

/** The claim is tried again when another claim comes in between. */
const ATTEMPTS = 5

/** True when the account's object has this record now. `holdsHere` answers for the desk that runs this code. */
export async function claimAccount(
  ports: Ports,
  account: Account,
  targets: PushedTargets,
  holdsHere: (email: string, key: string) => boolean
): Promise<boolean> {
  const claimId = ports.newId()
  let instead: Holder | undefined
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const answer = await ports.slots(account.key).claim({ ...account, claimId }, instead, targets)
    if (answer.ok) return true
    const { holder, provider } = answer
    const isHeld =
      holder.tenant === account.tenant
        ? holdsHere(holder.email, account.key)
        : await ports.desk(holder.tenant, provider).holds(holder.email, account.key)
    if (isHeld) return false
    instead = holder
  }
  return false
}
