/**
 * One provider account is one object, and belongs to the first tenant and email that proved it. A claim whose record
 * was never written (a crash between the two) is given away: the holder's desk is asked whether it still holds it. A
 * claim is replaced by its id, so that one that its holder has made anew meanwhile is not.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Holder } from '#domain/accounts/account.ts'

/** Others may claim between the questions. */
const ATTEMPTS = 5

/** True when the account's object now serves this record. `holdsHere` answers for the desk that asks. */
export async function claimAccount(
  ports: Ports,
  account: Account,
  holdsHere: (email: string, key: string) => boolean
): Promise<boolean> {
  const claimId = crypto.randomUUID()
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
