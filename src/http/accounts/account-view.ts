/** An account as clients see it, and its schema. */
import * as z from 'zod'
import type { Account } from '#domain/accounts/account.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { SlotsView } from '#domain/ports/slots.ts'
import { CREDENTIAL_KEY_MISSING, isOpenable } from '#flows/access/missing-master-key.ts'
import { askReachable } from '#flows/upstream/ask-reachable.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { itsTenant } from '#http/request/partial.ts'

export const parking = z.object({
  scope: z.string().meta({ description: 'Which calls the account does not get' }),
  reason: z.string(),
  detail: z.string(),
  until: z.string(),
})
export const accountView = z
  .looseObject({
    ...itsTenant,
    email: z
      .string()
      .meta({ description: 'The name of the account in the gateway, as in X-Gateway-Account' }),
    session: z.looseObject({}).meta({ description: 'What is known of the log-in' }),
    maxJobs: z.number().int().meta({ description: 'How many slots it has: jobs that run at once' }),
    apiKey: z
      .string()
      .optional()
      .meta({ description: 'Shows that there is a key; never the key itself' }),
    password: z
      .string()
      .optional()
      .meta({ description: 'Shows that there is a password; never the password itself' }),
    billing: z.record(z.string(), z.string()).optional().meta({
      description:
        'Of an account with a sign-in: which of the user’s pots its calls spend, by path',
    }),
    error: z.string().optional().meta({ description: 'Why it gets no new calls now' }),
    parked: z.array(parking).optional(),
    unparked: z
      .array(parking)
      .optional()
      .meta({ description: 'The parkings that this change has ended' }),
    webhook: z.object({ error: z.string(), retry: z.string() }).optional().meta({
      description:
        'The gateway’s webhook at the provider is missing. The gateway asks for the ends of jobs instead',
    }),
  })
  .meta({ id: 'Account' })

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
  const [first] = parked
  const when = parkings[0]?.reason === 'imported' ? 'Parked' : `Parked until ${first?.until}`
  return { error: `${when}: ${first?.detail}`, parked }
}

export function toShown({ scope, reason, detail, until }: Parking) {
  return { scope, reason, detail, until: new Date(until).toISOString() }
}
