/**
 * One provider account is one object, and belongs to the first tenant and email that proved it. A claim whose record
 * was never written (a crash between the two) is given away: the holder's desk is asked whether it still holds it.
 */
import type { Account } from '#domain/account.ts'
import type { Ports } from '#domain/ports.ts'

/** True when the account's object now serves this record. `holdsHere` answers for the desk that asks. */
export async function claimAccount(
  ports: Ports,
  account: Account,
  holdsHere: (email: string, key: string) => boolean
): Promise<boolean> {
  const slots = ports.slots(account.key)
  const answer = await slots.claim(account)
  if (answer.ok) return true
  const { holder, provider } = answer
  const isHeld =
    holder.tenant === account.tenant
      ? holdsHere(holder.email, account.key)
      : await ports.desk(holder.tenant, provider).holds(holder.email, account.key)
  return isHeld ? false : (await slots.claim(account, holder)).ok
}
