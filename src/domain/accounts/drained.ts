/**
 * A drained account takes no new jobs, and its running ones end. Its desk's record says so (`isDrained`), so that it outlives a new key,
 * and that no other parking ends it.
 */
import type { Account } from './account.ts'
import { importedParking, NEVER } from './imported.ts'
import type { Parking } from './parking.ts'

const DRAINED = 'it is drained: its jobs end, and it takes no new ones until somebody undrains it'

/** What an account's record says about it, besides what its object knows. */
type Told = Pick<Account, 'isImported' | 'isDrained'>

export function drainedParking({ isDrained }: Told): Parking | undefined {
  if (isDrained !== true) return undefined
  return { scope: 'jobs', reason: 'drained', detail: DRAINED, until: NEVER, streak: 1 }
}

/** The parking that the account's record tells of, for such a call. */
export function recordedParking(account: Told, { isJob }: { isJob: boolean }): Parking | undefined {
  return importedParking(account) ?? (isJob ? drainedParking(account) : undefined)
}

/** The record after a change of the account. A change that does not say it leaves the account as it was. */
export function keepDrain(after: Account, before: Account | undefined): Account {
  const isSaid = after.isDrained !== undefined || before?.isDrained === undefined
  return isSaid ? after : { ...after, isDrained: before.isDrained }
}

/** Whether the change only drains the account, or ends that. It says nothing about its credential, so other parkings stay. */
export function isOnlyDrain(before: Account | undefined, after: Account): boolean {
  if (!before || (before.isDrained ?? false) === (after.isDrained ?? false)) return false
  const isImported = ({ isImported: is = false }: Account) => is
  return (
    before.credential === after.credential &&
    before.session?.grant === after.session?.grant &&
    before.maxJobs === after.maxJobs &&
    before.tenant === after.tenant &&
    isImported(before) === isImported(after)
  )
}
