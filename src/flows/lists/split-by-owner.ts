/**
 * Splits a bulk read of many ids: asks each account about the ids that it owns, and returns the rows in the order of the
 * request. Ids without a known owner go to the first account, which answers that it does not know them.
 */
import type { Account } from '#domain/accounts/account.ts'
import { textAt, valuesAt } from '#domain/text/json-pointer.ts'
import { elementsAt, sliceAt, splice } from '#domain/text/json-slices.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { IdRef } from '#providers/contract/provider.ts'
import { askAccounts, type Asked } from '#flows/routing/ask-accounts.ts'
import { ableAccounts } from '#flows/routing/choose-accounts.ts'
import { findOwners } from '#flows/routing/find-owners.ts'
import { answersOf, noneAnswered, partialAnswer } from './combine-answers.ts'
import { allIdsOf, IDS_MAX } from '#flows/routing/ids-in-call.ts'
import { createdOwners, learnIds } from '#flows/routing/learn-ids.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { settleJobs } from '#flows/jobs/settle-job.ts'

const ROWS = '/data'
/** Members of a row that name the id it is about, in the order in which they are tried. */
const ROW_IDS = ['/video_id', '/batch_id', '/id', '/external_id']

/** Undefined: the call names no id, so any one account can answer. */
export async function splitIds(
  ports: Ports,
  call: ProxyCall,
  accounts: readonly Account[]
): Promise<ProxyAnswer | undefined> {
  const shares = await shareOut(ports, call, accounts)
  if (shares.size === 0) return undefined
  ableAccounts(call, [...shares.keys()])
  const asked = await askAccounts(ports, [...shares.keys()], (account) => ({
    ...call,
    search: searchFor(call, shares.get(account) ?? new Set()),
  }))
  const answered = answersOf(asked)
  const [first] = answered
  if (!first) return noneAnswered(ports, asked)
  await settleAll(ports, call, asked)
  const slice = sliceAt(first.text, ROWS)
  const rows = inOrder(call, answered)
  const text = slice ? splice(first.text, [{ ...slice, text: `[${rows.join(',')}]` }]) : first.text
  return partialAnswer(first, text, asked)
}

async function shareOut(
  ports: Ports,
  call: ProxyCall,
  accounts: readonly Account[]
): Promise<Map<Account, Set<string>>> {
  const named = allIdsOf(call)
  const owners = await findOwners(ports, call, accounts, named.slice(0, IDS_MAX))
  const [first] = ableAccounts(call, accounts)
  const emails = new Map(owners.map((owner) => [owner.id, owner.email]))
  const shares = new Map<Account, Set<string>>()
  for (const { id } of named) {
    const email = emails.get(id)
    const account = accounts.find((one) => one.email === email) ?? first
    if (account) shares.set(account, (shares.get(account) ?? new Set()).add(id))
  }
  return shares
}

/** The query with only these ids in its lists. */
function searchFor(call: ProxyCall, ids: ReadonlySet<string>): string {
  const query = new URLSearchParams(call.search)
  for (const ref of listsIn(call)) {
    const kept = new Set((query.get(ref.at) ?? '').split(',').filter((id) => ids.has(id)))
    if (kept.size > 0) query.set(ref.at, [...kept].join(','))
    else query.delete(ref.at)
  }
  return `?${query}`
}

function listsIn(call: ProxyCall): IdRef[] {
  return (call.match?.route.ids ?? []).filter((ref) => ref.isList)
}

function inOrder(call: ProxyCall, answered: readonly NonNullable<Asked['answer']>[]): string[] {
  const order = new Map(allIdsOf(call).map(({ id }, index) => [id, index]))
  const rows = answered.flatMap(({ text, json }) => {
    const slice = sliceAt(text, ROWS)
    const values = valuesAt(json, `${ROWS}/*`)
    return (slice ? elementsAt(text, slice.start) : []).map(({ start, end }, index) => ({
      place: placeOf(order, values[index]),
      text: text.slice(start, end),
    }))
  })
  return rows.toSorted((a, b) => a.place - b.place).map((row) => row.text)
}

/** The place of a row in the order of the request. Rows that name none of the ids come last. */
function placeOf(order: ReadonlyMap<string, number>, row: unknown): number {
  const places = ROW_IDS.map((name) => order.get(textAt(row, name) ?? ''))
  return places.find((place) => place !== undefined) ?? order.size
}

async function settleAll(ports: Ports, call: ProxyCall, asked: readonly Asked[]): Promise<void> {
  for (const { account, answer } of asked) {
    if (!call.match || !answer || answer.status >= 300) continue
    const query = new URLSearchParams(call.search)
    await learnIds(ports, call, createdOwners(call, account, answer.json))
    const reports = call.provider.jobs.readReports(call.match, query, answer.json, answer.text)
    await settleJobs(ports, call.provider, account, reports).catch(() =>
      ports.log('settle_failed', { email: account.email, requestId: call.requestId })
    )
  }
}
