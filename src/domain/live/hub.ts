/**
 * A hub: the object that collects the summaries of accounts while somebody looks, and sends changes to open pages. Decides who may
 * open a socket and which accounts it asks. Pure.
 */
import { tenantNameOf } from '#domain/access/tenant.ts'
import { sameEmail, type Account } from '#domain/accounts/account.ts'
import type { PoolAccount } from './pool-account.ts'

/** No provider has this name, so no desk has a hub's name. */
const MARK = 'live:'

/** The name of a tenant's hub. Without a tenant: the operator's, over all tenants. */
export function hubName(tenant = ''): string {
  return `${MARK}${tenant}`
}

export function isHubName(name: string): boolean {
  return name.startsWith(MARK)
}

/** The id of the tenant whose hub this is; undefined: the operator's. */
export function tenantOfHub(name: string): string | undefined {
  return name.slice(MARK.length) || undefined
}

/** How many pages may be open at one time. */
export function socketsMax(hub: string): number {
  return tenantOfHub(hub) === undefined ? 50 : 20
}

/** The token that made a ticket, by its hash. A socket lasts no longer than its token. */
export interface Maker {
  kind: 'token' | 'operator'
  hash: string
  /** Epoch ms. */
  expiresAt: number | null
}

/** A ticket is kept as a hash. It opens one socket. */
export interface Ticket {
  maker: Maker
  until: number
}

/** What a hub keeps of one account. */
export interface Card {
  account: PoolAccount
  /** When the account was last asked for its summary, epoch ms. It pushes changes for a while after that. */
  askedAt: number
}

type Named = Pick<PoolAccount, 'tenant' | 'provider' | 'email'>

/** The name of an account's card. `tenant`: its name. */
export function cardName({ tenant, provider, email }: Named): string {
  return `${tenant} ${provider} ${email.toLowerCase()}`
}

function cardNameOf(account: Pick<Account, 'tenant' | 'provider' | 'email'>): string {
  return cardName({ ...account, tenant: tenantNameOf(account.tenant) })
}

/** Which accounts of a new list must be asked now, and which cards are of no account any more. */
export function planLook(
  cards: readonly Card[],
  { accounts, isWhole }: { accounts: readonly Account[]; isWhole: boolean },
  now: number,
  observeAgainMs: number
): { ask: Account[]; removed: PoolAccount[] } {
  const known = new Map(cards.map((card) => [cardName(card.account), card]))
  const listed = new Set(accounts.map(cardNameOf))
  const isDue = (card: Card | undefined) => !card || isOld(card, now, observeAgainMs)
  return {
    ask: accounts.filter((account) => isDue(known.get(cardNameOf(account)))),
    // A list that lacks something says nothing about what it lacks.
    removed: isWhole
      ? cards.map(({ account }) => account).filter((one) => !listed.has(cardName(one)))
      : [],
  }
}

/** An account says nothing when a parking ends by time, so it is asked then. */
function isOld({ account, askedAt }: Card, now: number, observeAgainMs: number): boolean {
  if (account.state === 'unreachable' || now >= askedAt + observeAgainMs) return true
  const since = Math.max(askedAt, Date.parse(account.at))
  return account.parked.some(({ until }) => {
    const end = Date.parse(until)
    return end > since && end <= now
  })
}

/** The card after an answer or a push. Pushes and answers may overtake each other, so the newer one counts. */
export function newerCard(known: Card | undefined, next: Card): Card {
  const askedAt = Math.max(known?.askedAt ?? -Infinity, next.askedAt)
  const isOlder = known !== undefined && known.account.at > next.account.at
  const isLost = known !== undefined && next.account.state === 'unreachable'
  if (isOlder) return { account: known.account, askedAt }
  return isLost && sameEmail(known.account.email, next.account.email)
    ? { account: unreachable(known.account, next.account), askedAt }
    : { account: next.account, askedAt }
}

/** An account that does not answer is shown with what it said last. */
function unreachable(before: PoolAccount, { at }: PoolAccount): PoolAccount {
  return { ...before, state: 'unreachable', free: 0, at }
}
