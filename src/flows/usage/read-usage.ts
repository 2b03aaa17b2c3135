/** Reads the usage of a tenant: asks the object of each account that it has, or has had while usage is kept. */
import type { Ports } from '#domain/ports/ports.ts'
import { mergeSums } from '#domain/usage/sums.ts'
import type { UsageOfAccount, UsagePlace, UsageQuery } from '#domain/usage/usage.ts'
import { askReachable } from '#flows/upstream/ask-reachable.ts'

export interface UsageRow extends UsageOfAccount {
  provider: string
  /** Absent: the account was removed, and an older release did not keep its email. */
  email?: string
}

/** What could not be asked. Without `email`: all accounts of the tenant at this provider, or a removed one. */
export interface MissingUsage {
  tenant: string
  provider: string
  email?: string
}

export interface Usage {
  rows: UsageRow[]
  missing: MissingUsage[]
}

/** Oldest first. `isNameless`: for a token that sees only its own. Its rows name no account, so those of all accounts are one. */
export async function readUsage(
  ports: Ports,
  providers: readonly string[],
  query: UsageQuery,
  isNameless = false
): Promise<Usage> {
  const { tenant } = query
  const desks = providers.map((provider) => ({ tenant, provider }))
  const listed = await askReachable(ports, desks, ({ provider }) =>
    ports.desk(tenant, provider).usagePlaces()
  )
  const places = listed.answers.flatMap(({ item, answer }) =>
    withShownEmails(answer).map((place) => ({ ...item, ...place }))
  )
  const { answers, missing } = await askReachable(ports, places, ({ key }) =>
    ports.slots(key).usage(query)
  )
  const rows = answers.flatMap(({ item: { provider, email }, answer }) =>
    answer.map((one) => {
      const isNamed = email !== undefined && !isNameless
      return { ...one, provider, ...(isNamed ? { email } : {}) }
    })
  )
  return {
    rows: inOneRow(rows).toSorted(byDay),
    missing: [...listed.missing, ...missing],
  }
}

/** A removed account is kept under its email in lower case. Under the same email there may be another account now. */
function withShownEmails(places: readonly UsagePlace[]): UsagePlace[] {
  const shown = new Map<string, string>()
  for (const { email } of places.toReversed())
    if (email !== undefined) shown.set(email.toLowerCase(), email)
  return places.map(({ key, email }) =>
    email === undefined ? { key } : { key, email: shown.get(email.toLowerCase()) ?? email }
  )
}

/** Several objects may have had one email, so they may have rows of the same name. */
function inOneRow(rows: readonly UsageRow[]): UsageRow[] {
  const all = new Map<string, UsageRow>()
  for (const row of rows) {
    const name = nameOf(row)
    const before = all.get(name)
    all.set(name, before ? { ...row, sums: mergeSums(before.sums, row.sums) } : row)
  }
  return [...all.values()]
}

function nameOf({ day, provider, email = '', token, route, outcome }: UsageRow): string {
  return JSON.stringify([day, provider, email, token, route, outcome])
}

function byDay(one: UsageRow, other: UsageRow): number {
  if (one.day !== other.day) return one.day - other.day
  return nameOf(one) < nameOf(other) ? -1 : 1
}
