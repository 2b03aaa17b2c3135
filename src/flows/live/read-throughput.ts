/** Reads the throughput of a tenant's accounts by the hour. Jobs of removed accounts are not counted. */
import { findAccount } from '#domain/accounts/account.ts'
import type { ThroughputHour, ThroughputQuery } from '#domain/live/throughput.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'

export interface AccountHour extends ThroughputHour {
  email: string
}

/** `email`: only this account. `isWhole`: false when an account did not answer. */
export async function readThroughput(
  ports: Ports,
  provider: string,
  query: ThroughputQuery,
  email?: string
): Promise<{ hours: AccountHour[]; isWhole: boolean }> {
  const snapshot = await ports.accounts.list(query.tenant, provider)
  const named = email === undefined ? undefined : findAccount(snapshot, email)
  if (email !== undefined && !named)
    throw new AppError('account_not_found', `Account ${email} not found`)
  const asked = named ? [named] : snapshot.accounts
  const answers = await limitConcurrency(asked, OBJECTS_AT_ONCE, async (account) => {
    const hours = await ports
      .slots(account.key)
      .throughput(query)
      .catch(() => undefined)
    return hours?.map((hour) => ({ ...hour, email: account.email }))
  })
  const hours = answers.flatMap((one) => one ?? []).toSorted((a, b) => a.hour - b.hour)
  return { hours, isWhole: answers.every((one) => one !== undefined) }
}
