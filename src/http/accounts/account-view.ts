/** An account as clients see it, and its schema. */
import * as z from 'zod/mini'
import type { Account } from '#domain/accounts/account.ts'
import { parkedSentence } from '#domain/accounts/imported.ts'
import { choiceOf } from '#domain/accounts/balancing.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { SlotsView } from '#domain/ports/slots.ts'
import { CREDENTIAL_KEY_MISSING, isOpenable } from '#flows/access/missing-master-key.ts'
import { askReachable } from '#flows/upstream/ask-reachable.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { itsTenant } from '#http/request/partial.ts'

export const parking = z.object({
  scope: z.string(),
  reason: z.string(),
  detail: z.string(),
  until: z.string(),
})
export const accountView = z
  .looseObject({
    ...itsTenant,
    email: z.string(),
    session: z.looseObject({}),
    maxJobs: z.int(),
    weight: z.optional(z.int()),
    priority: z.optional(z.int()),
    apiKey: z.optional(z.string()),
    password: z.optional(z.string()),
    billing: z.optional(z.record(z.string(), z.string())),
    error: z.optional(z.string()),
    parked: z.optional(z.array(parking)),
    unparked: z.optional(z.array(parking)),
    webhook: z.optional(z.object({ error: z.string(), retry: z.string() })),
  })
  .register(z.globalRegistry, { id: 'Account' })

export const NOT_REACHED =
  'The record of this account could not be read just now. Its slots and parkings are not known. Try again in a minute.'

/** The account in the form of the seeds. A parked account has `error`, as on useapi.net. */
export async function toView(ports: Ports, provider: Provider, account: Account) {
  const seen = await seeAccounts(ports, [account])
  return shownAs(ports, provider, account, seen.get(account))
}

/** What the objects of these accounts show. An account whose object cannot be reached is absent. */
export async function seeAccounts(
  ports: Ports,
  accounts: readonly Account[]
): Promise<Map<Account, SlotsView>> {
  const { answers } = await askReachable(ports, accounts, ({ key, tenant }) =>
    ports.slots(key).view(tenant)
  )
  return new Map(answers.map(({ item, answer }) => [item, answer]))
}

/** `seen` undefined: its object could not be reached. */
export function shownAs(
  ports: Ports,
  provider: Provider,
  account: Account,
  seen: SlotsView | undefined
) {
  const { parkings = [], hookFailure } = seen ?? {}
  const isMasterKeyMissing = !isOpenable(ports, account)
  return {
    ...provider.accounts.toView(account),
    ...choiceOf(account),
    ...(seen ? {} : { error: NOT_REACHED }),
    ...(parkings.length === 0 ? {} : toParkingView(parkings)),
    ...(isMasterKeyMissing ? { error: CREDENTIAL_KEY_MISSING } : {}),
    ...(hookFailure === undefined ? {} : { webhook: toFailureView(hookFailure) }),
  }
}

/** The account works without its webhook: status checks find the ends of jobs. */
function toFailureView({ message, retryAt }: NonNullable<SlotsView['hookFailure']>) {
  return { error: message, retry: new Date(retryAt).toISOString() }
}

function toParkingView(parkings: Parking[]) {
  const parked = parkings.map(toShown)
  const [first] = parkings
  return { ...(first && { error: parkedSentence(first) }), parked }
}

export function toShown({ scope, reason, detail, until }: Parking) {
  return { scope, reason, detail, until: new Date(until).toISOString() }
}
