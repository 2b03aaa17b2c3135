/**
 * For a creation that names uploads of one account but must run on another: copies the uploads there before a slot is taken,
 * and puts the ids of the copies into the body. If a creation names uploads only and their account has no free slot, they
 * are copied to an account that has one. An upload that cannot be copied is a conflict (409), which says why.
 */
import type { Account } from '#domain/accounts/account.ts'
import { ASSETS_MAX, planOf, swapIds, type Named, type Plan } from '#domain/uploads/asset-copies.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { parseJson } from '#domain/text/json-text.ts'
import { findParking } from '#domain/accounts/parking.ts'
import { pickAccounts } from '#domain/accounts/pick-account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { AssetCopy } from '#domain/ports/desk.ts'
import type { ProviderUploads } from '#providers/contract/provider.ts'
import {
  ableAccounts,
  chooseAccounts,
  conflict,
  type Eligible,
} from '#flows/routing/choose-accounts.ts'
import { copyAsset } from './copy-asset.ts'
import { findOwners } from '#flows/routing/find-owners.ts'
import { idsOf } from '#flows/routing/ids-in-call.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'

/** Accounts that one creation is tried on until one has a slot; the uploads' own account counts. */
const ACCOUNTS_MAX = 3
const VIEWS_AT_ONCE = 6

export interface Run {
  /** The number of slots that the creation takes. */
  slots: number
  /** Whether the creation was sent. From then on it must not go to another account. */
  hasSent(): boolean
  on(call: ReadCall, eligible: Eligible): Promise<ProxyAnswer>
}

/** A call whose assets are all at `account`. `old`: its asset copies that existed before this call. */
interface Placed {
  call: ReadCall
  account: Account
  old: AssetCopy[]
}

type At = Extract<Plan, { kind: 'at' }>

/** A call that names uploads: the accounts, and the owner of each id that it names. */
interface Sorted {
  assets: ProviderUploads
  accounts: readonly Account[]
  named: Named[]
}

export async function runWhereAssetsAre(
  ports: Ports,
  call: ReadCall,
  run: Run
): Promise<ProxyAnswer> {
  const sorted = await sortNamed(ports, call)
  if (!sorted) return run.on(call, await chooseAccounts(ports, call, call.json))
  const plan = planOf(sorted.named)
  if (plan.kind === 'conflict') throw conflict(...plan.pair)
  if (plan.kind === 'any') {
    const { balance: balancing } = await ports.accounts.list(call.tenant, call.provider.name)
    const accounts = ableAccounts(call, sorted.accounts)
    return run.on(call, { accounts, isPinned: false, balancing })
  }
  const placed = await place(ports, call, sorted, plan.email)
  if (!plan.canMove) return serve(ports, sorted, placed, run)
  return serveAnywhere(ports, sorted, plan, { call, placed, run })
}

/** The call with its uploads copied to the account that owns everything else it names. Unchanged when nothing must be copied. */
export async function withAssetsBrought(ports: Ports, call: ReadCall): Promise<ReadCall> {
  const sorted = await sortNamed(ports, call)
  const plan = sorted && planOf(sorted.named)
  if (!sorted || plan?.kind !== 'at' || plan.ids.length === 0) return call
  const placed = await place(ports, call, sorted, plan.email)
  return { ...placed.call, email: placed.account.email }
}

/** Finds the owners of the ids. Undefined: the body names no upload, or there is only one account to choose. */
async function sortNamed(ports: Ports, call: ReadCall): Promise<Sorted | undefined> {
  const assets = call.provider.uploads
  if (!assets || call.email !== undefined) return undefined
  const { accounts } = await ports.accounts.list(call.tenant, call.provider.name)
  if (accounts.length < 2) return undefined
  const ids = idsOf(call, call.json)
  const movable = new Set(
    ids.flatMap(({ ref, id }) =>
      ref.in === 'body' && ref.resource === assets.resource ? [id] : []
    )
  )
  if (movable.size === 0) return undefined
  const owners = await findOwners(ports, call, accounts, ids)
  const named = owners.flatMap(({ id, email }) => {
    const account = accounts.find((one) => one.email === email)
    return account ? [{ id, email: account.email, isAsset: movable.has(id) }] : []
  })
  return { assets, accounts, named }
}

/** Runs on the uploads' own account, else on one that has a free slot. Waits for a slot only if no account has one. */
async function serveAnywhere(
  ports: Ports,
  sorted: Sorted,
  plan: At,
  { call, placed, run }: { call: ReadCall; placed: Placed; run: Run }
): Promise<ProxyAnswer> {
  const { waitSeconds: _, ...prompt } = placed.call
  const first = await tryAt(ports, sorted, { ...placed, call: prompt }, run)
  if ('answer' in first) return first.answer
  const tried = [plan.email]
  while (tried.length < ACCOUNTS_MAX) {
    const others = sorted.accounts.filter(({ email }) => !tried.includes(email))
    const account = await withRoom(ports, call, ableAccounts(call, others), run.slots)
    if (!account) break
    tried.push(account.email)
    const { waitSeconds: __, ...asked } = call
    const moved = await place(ports, asked, sorted, account.email).catch(unlessConflict)
    if (!moved) break
    const next = await tryAt(ports, sorted, moved, run)
    if ('answer' in next) return next.answer
  }
  if (call.waitSeconds) return serve(ports, sorted, placed, run)
  throw first.error
}

/** Swallows a conflict, which means that the uploads cannot be copied to this account. */
function unlessConflict(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'owners_conflict') return undefined
  throw error
}

/** `error`: the account has no slot, and nothing was sent. */
async function tryAt(
  ports: Ports,
  sorted: Sorted,
  placed: Placed,
  run: Run
): Promise<{ answer: ProxyAnswer } | { error: AppError }> {
  try {
    return { answer: await serve(ports, sorted, placed, run) }
  } catch (error) {
    const isRefused = error instanceof AppError && NO_SLOT.includes(error.code)
    if (!isRefused || run.hasSent()) throw error
    return { error }
  }
}

const NO_SLOT = ['slots_full', 'account_unavailable']

/** Sends the call. If the provider refuses because a copy is gone, nothing was started: makes the copy again and sends once more. */
async function serve(
  ports: Ports,
  sorted: Sorted,
  { call, account, old }: Placed,
  run: Run
): Promise<ProxyAnswer> {
  const pinned = { accounts: ableAccounts(call, [account]), isPinned: true }
  const answer = await run.on(call, pinned)
  if (old.length === 0 || !(await saysUnknown(sorted.assets, answer.response))) return answer
  const desk = ports.desk(call.tenant, call.provider.name)
  const replaced = await desk
    .forgetCopies(old, account.email)
    .then(() => place(ports, asAsked(call), sorted, account.email))
    .catch(() => undefined)
  return replaced
    ? run.on({ ...replaced.call, attempt: (replaced.call.attempt ?? 0) + 1 }, pinned)
    : answer
}

async function saysUnknown(assets: ProviderUploads, response: Response): Promise<boolean> {
  if (response.ok) return false
  const body = parseJson(await response.clone().text())
  return assets.saysUnknown({ status: response.status, body })
}

/** The call with the body that the client sent. */
function asAsked(call: ReadCall): ReadCall {
  const { asked } = call
  return asked ? { ...call, body: asked, json: parseJson(asked) } : call
}

/** Copies the uploads of other accounts to this one. */
async function place(ports: Ports, call: ReadCall, sorted: Sorted, email: string): Promise<Placed> {
  const account = sorted.accounts.find((one) => one.email === email)
  if (!account || !call.body) throw new Error('a plan for an account that is not there')
  const away = sorted.named.filter((one) => one.email !== email)
  if (away.length === 0) return { call, account, old: [] }
  const [one] = away
  const here = sorted.named.find((named) => named.email === email) ?? { id: 'The call', email }
  const refuse = (id: string, why: string) =>
    conflict(here, away.find((named) => named.id === id) ?? one ?? here, why)
  if (away.length > ASSETS_MAX) {
    throw refuse(one?.id ?? '', `more than ${ASSETS_MAX} files would have to be copied`)
  }
  const copies = await copyAll(ports, call, sorted, { away, account, refuse })
  const pointers = (call.match?.route.ids ?? [])
    .filter((ref) => ref.in === 'body' && ref.resource === sorted.assets.resource)
    .map(({ at }) => at)
  const ids = new Map(copies.map(({ original, copy }) => [original, copy]))
  const text = swapIds(new TextDecoder().decode(call.body), pointers, ids)
  const body = new Uint8Array(new TextEncoder().encode(text))
  const old = copies.filter(({ isOld }) => isOld)
  const asked = call.asked ?? call.body
  return { call: { ...call, body, json: parseJson(body), asked }, account, old }
}

type CopyHere = Required<AssetCopy> & { isOld: boolean }

interface Bringing {
  away: readonly Named[]
  account: Account
  refuse(id: string, why: string): AppError
}

async function copyAll(
  ports: Ports,
  call: ReadCall,
  sorted: Sorted,
  { away, account, refuse }: Bringing
): Promise<CopyHere[]> {
  const desk = ports.desk(call.tenant, call.provider.name)
  const originals = away.map(({ id }) => id)
  const turns = await desk.beginCopies(originals, account.email, call.requestId).catch(() => {
    const message =
      'The gateway could not find out where the files of this call are. Nothing was started.'
    throw new AppError('account_unavailable', message, { retryAfterSeconds: 5 })
  })
  const mine = away.filter((_, index) => turns[index]?.kind === 'mine')
  const signal = ports.timeoutSignal(ports.durations.bringWithinMs)
  const made: AssetCopy[] = []
  let failure: AppError | undefined
  const lacking = away.find((_, index) => ['no', 'failed'].includes(turns[index]?.kind ?? 'no'))
  if (lacking) failure = refuse(lacking.id, whyNot(turns[away.indexOf(lacking)]?.kind))
  for (const { id: original, email } of mine) {
    const from = sorted.accounts.find((one) => one.email === email)
    const copied =
      failure || !from
        ? { why: '' }
        : await copyAsset(ports, call, sorted.assets, { original, from, to: account, signal })
    if ('copy' in copied) made.push({ original, copy: copied.copy })
    else {
      failure ??= refuse(original, copied.why)
      made.push({ original })
    }
  }
  if (made.length > 0) {
    await desk
      .endCopies(made, account.email)
      .catch(() => ports.log('copies_not_noted', { requestId: call.requestId }))
  }
  if (failure) {
    ports.log('not_brought_over', { requestId: call.requestId, email: account.email })
    throw failure
  }
  return away.map(({ id }, index) => {
    const turn = turns[index]
    const copy = turn?.kind === 'known' ? turn.copy : made.find((one) => one.original === id)?.copy
    return { original: id, copy: copy ?? id, isOld: turn?.kind === 'known' }
  })
}

function whyNot(kind: string | undefined): string {
  return kind === 'failed'
    ? 'another call has just tried to copy it and failed'
    : 'it was not uploaded through the gateway'
}

/** The account with the most free slots among the first group of six that has enough. "None" is remembered for a second. */
async function withRoom(
  ports: Ports,
  call: ReadCall,
  accounts: readonly Account[],
  slots: number
): Promise<Account | undefined> {
  const { hints, random } = ports
  const askedAt = ports.now()
  const pool = `${call.tenant} ${call.provider.name} brought ${slots} ${call.limit ?? ''}`
  if (hints.refusal(pool, askedAt)) return undefined
  const wish = { isJob: true, meter: call.match?.route.job?.meter }
  const { candidates } = pickAccounts(accounts, wish, hints, askedAt, random)
  for (let from = 0; from < candidates.length; from += VIEWS_AT_ONCE) {
    const some = candidates.slice(from, from + VIEWS_AT_ONCE)
    const free = await Promise.all(some.map((account) => freeOf(ports, call, account)))
    const most = Math.max(...free)
    if (most >= slots) return some[free.indexOf(most)]
  }
  hints.markRefusal(pool, askedAt, askedAt)
  return undefined
}

/** The account's free slots; -1: its object cannot be asked, or the account is parked. */
async function freeOf(ports: Ports, call: ReadCall, account: Account): Promise<number> {
  const view = await ports
    .slots(account.key)
    .view(account.tenant)
    .catch(() => undefined)
  const wish = { isJob: true, meter: call.match?.route.job?.meter }
  if (!view || findParking(view.parkings, wish, ports.now())) return -1
  const free = Math.min(view.maxJobs, call.limit ?? Infinity) - view.held
  if (free <= 0) ports.hints.markFull(account.key, ports.now())
  return free
}
