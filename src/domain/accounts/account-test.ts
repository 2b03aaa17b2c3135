/**
 * Decides what a test of an account changes, and says in words what was found. A person asks for a test; durable/account/
 * account-checks.ts makes it.
 */
import { checkedPart } from './account-checks.ts'
import type { AccountStatus } from './park-after-refusal.ts'
import type { Parking, ParkScope } from './parking.ts'

/** What the provider said of one credential. */
export interface PartTest {
  /** Which credential, if the account has several. */
  part?: string
  key: AccountStatus['key']
  detail?: string
  /** The HTTP status of the provider's last answer; absent: it did not answer. */
  status?: number
}

export interface AccountTest {
  /** When it began, epoch ms. */
  at: number
  ms: number
  parts: PartTest[]
  lifted: ParkScope[]
  parked: ParkScope[]
  /** The answer of a test a moment ago, or of one that was under way. */
  isRepeat?: true
  balance?: { amount: number; unit: string; at: number }
}

/** For so long a second test gets the first one's answer. */
export const TEST_VALID_MS = 5000

/** The credentials to test one after the other; undefined: the account has one. */
export function testedParts(credentialKind: string): (string | undefined)[] {
  const kinds = credentialKind.split(' ')
  return kinds.length > 1 ? kinds : [undefined]
}

/** Parkings that a good answer about this credential ends. Those for other reasons, such as no credit, stay. */
export function liftedBy(
  parkings: readonly Parking[],
  part: string | undefined,
  credentialKind: string
): Parking[] {
  return parkings.filter(({ reason, isProved, part: of, scope }) => {
    if (reason !== 'credential' && !isProved) return false
    const ofScope = scope.startsWith('key:') ? scope.slice('key:'.length) : undefined
    return checkedPart(credentialKind, of ?? ofScope) === part
  })
}

export function isGood({ parts }: Pick<AccountTest, 'parts'>): boolean {
  return parts.every(({ key }) => key === 'good')
}

/** What a person can do about it; undefined: everything is good. */
export function whyNotGood({ parts }: Pick<AccountTest, 'parts'>): string | undefined {
  const bad = parts.filter(({ key }) => key !== 'good')
  if (bad.length === 0) return undefined
  return bad
    .map(({ part, ...found }) => `${part === undefined ? '' : `${part}: `}${sayPart(found)}`)
    .join(' ')
}

function sayPart({ key, detail, status }: PartTest): string {
  const said = detail === undefined ? '' : ` (${detail})`
  if (key === 'refused')
    return `The provider refuses the credential${said}. Check at the provider that it was not revoked, or add the account again with a new one.`
  if (key === 'blocked')
    return `The provider has blocked the account${said}. Only the provider can end that.`
  const how =
    status === undefined ? 'did not answer' : `answered ${status}, which says nothing of it`
  return `Nothing is known of the credential: the provider ${how}. Nothing was changed. Try again in a minute.`
}
