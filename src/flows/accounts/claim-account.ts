/**
 * Claims a provider account for a tenant and email. The first that showed a valid credential has it. A crash can leave a
 * claim without a record; then the holder's desk says that it does not have the account, and the claim is replaced. A claim
 * is replaced by its id, so a newer claim of the holder stays.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Holder } from '#domain/accounts/account.ts'

/** Another claim may come between two questions. */
const ATTEMPTS = 5

/** True when the account's object has this record now. `holdsHere` answers for the desk that asks. */
export async function claimAccount(
  ports: Ports,
  account: Account,
  holdsHere: (email: string, key: string) => boolean
): Promise<boolean> {
  const claimId = ports.newId()
  let instead: Holder | undefined
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const answer = await ports.slots(account.key).claim({ ...account, claimId }, instead)
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
