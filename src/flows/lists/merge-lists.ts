/**
 * Merges a list over all accounts: asks every account for its page and makes one page of them, newest first. The page token
 * is the gateway's own and carries the position in each account's list. Rows stay as the provider wrote them. Public rows
 * come from one account. An account that cannot answer is left out and named in `X-Gateway-Partial`.
 */
import { parseJson } from '#domain/text/json-text.ts'
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { textAt, textsAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import {
  mergePages,
  type Cursor,
  type MergedPage,
  type Row,
  type StreamPage,
} from '#domain/lists/merge-rows.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { ListShape } from '#providers/contract/provider.ts'
import { askAccounts, ReadTogether, type Asked } from '#flows/routing/ask-accounts.ts'
import { withoutCopies } from '#flows/uploads/asset-copies.ts'
import { answersOf, noneAnswered, partialAnswer } from './combine-answers.ts'
import { learnIds } from '#flows/routing/learn-ids.ts'
import { readPlace, writePlace, type Place } from './page-token.ts'
import { bodyAt, queryOf } from './list-request.ts'
import { pagedText, rowId, rowsIn, unpagedText, type Answer } from './list-rows.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'

/** The list of one account, or its public or private part. */
export interface Stream {
  account: Account
  /** The value of the query parameter that selects public or private rows; absent: as the client asked. */
  part?: 'public' | 'private'
  cursor: Cursor
}

export const START: Cursor = { token: null, skip: 0, isDone: false }
const PAGES_MAX = 50
/** The most pages that one request may read, over all accounts. */
const QUESTIONS_MAX = 900

export async function mergeLists(
  ports: Ports,
  call: ProxyCall,
  shape: ListShape,
  accounts: readonly Account[]
): Promise<ProxyAnswer> {
  const query = queryOf(call, shape)
  const start = await readPlace(ports, call, shape, query)
  const round = await mergeTo(
    ports,
    call,
    { shape, query, accounts, read: new ReadTogether(ports) },
    start
  )
  const { asked, open, merged, place } = round
  const answered = answersOf(asked)
  const [first] = answered
  if (!first) return noneAnswered(ports, asked)
  const learning = learnIds(ports, call, ownersIn(call, shape, open, merged, asked))
  const [token] = await Promise.all([place ? writePlace(ports, call, place) : null, learning])
  const shown = await withoutCopies(ports, call, accounts, merged)
  const text =
    shape.rows.length > 1
      ? unpagedText(shape, answered)
      : pagedText(shape, first, answered, shown, token)
  return partialAnswer(first, text, asked)
}

interface List {
  shape: ListShape
  query: URLSearchParams
  accounts: readonly Account[]
  read: ReadTogether
}

interface Round {
  asked: Asked[]
  open: Stream[]
  merged: MergedPage
  /** Where the next page starts. Undefined: this page is the last. */
  place: Place | undefined
}

/** Merges up to the page that is wanted. For a list with numbered pages, page k needs k rounds from the start. */
async function mergeTo(
  ports: Ports,
  call: ProxyCall,
  list: List,
  start: Place | undefined
): Promise<Round> {
  const page = start || list.shape.page === undefined ? 1 : pageIn(list.shape.page, list)
  let round = await mergeOnce(ports, call, list, start)
  for (let at = 1; at < page; at += 1) {
    if (!round.place) return { ...round, merged: { rows: [], cursors: [] } }
    round = await mergeOnce(ports, call, list, round.place)
  }
  return round
}

function pageIn(name: string, { query, accounts }: List): number {
  const page = Number(query.get(name) ?? 1)
  const most = Math.max(1, Math.min(PAGES_MAX, Math.floor(QUESTIONS_MAX / accounts.length)))
  if (Number.isInteger(page) && page >= 1 && page <= most) return page
  throw new AppError('bad_request', `${name}: must be an integer from 1 to ${most}`)
}

async function mergeOnce(
  ports: Ports,
  call: ProxyCall,
  list: List,
  start: Place | undefined
): Promise<Round> {
  const { shape, query, accounts } = list
  const streams = start ? streamsAt(start, accounts) : firstStreams(ports, list)
  const open = streams.filter((stream) => !stream.cursor.isDone)
  const limit = start?.limit ?? limitOf(shape, query)
  const asked = await askStreams(ports, call, list, open, limit)
  const pages = asked.map((one, index) => toPage(shape, one, open[index]?.cursor ?? START))
  const merged = mergePages(pages, limitOf(shape, query) || usualSize(shape, pages))
  return { asked, open, merged, place: nextPlace(shape, open, asked, merged, limit) }
}

/** The streams of the first page. Public rows are read from one account that answered in time last time. */
function firstStreams({ hints }: Ports, { shape, query, accounts }: List): Stream[] {
  const home = accounts.find((account) => !hints.isHung(account.key)) ?? accounts[0]
  if (!home) return []
  const parameter = shape.shared?.query
  const wanted = parameter === undefined ? null : query.get(parameter)
  if (parameter === undefined || (wanted !== null && wanted !== 'public' && wanted !== 'private')) {
    return accounts.map((account) => ({ account, cursor: START }))
  }
  const own: Stream[] = accounts.map((account) => ({ account, part: 'private', cursor: START }))
  const shared: Stream = { account: home, part: 'public', cursor: START }
  if (wanted === 'public') return [shared]
  return wanted === 'private' ? own : [...own, shared]
}

/**
 * How many rows a page has for a client that asks for no size. Where an account has more, its page is whole, so it shows the size.
 * Otherwise each page may be a short one, and only the documented size is known.
 */
function usualSize({ next, usual = 1 }: ListShape, pages: readonly StreamPage[]): number {
  if (next === undefined) return Infinity
  const most = Math.max(...pages.map((page) => page.rows.length))
  return pages.some((page) => page.next !== null) ? Math.max(most, 1) : Math.max(most, usual)
}

/** The page size that the client asked for; 0: none. */
function limitOf(shape: ListShape, query: URLSearchParams): number {
  const asked = Number(shape.limit === undefined ? 0 : (query.get(shape.limit) ?? 0))
  return Number.isInteger(asked) && asked > 0 ? asked : 0
}

function askStreams(
  ports: Ports,
  call: ProxyCall,
  { shape, query, read }: List,
  streams: readonly Stream[],
  limit: number | undefined
): Promise<Asked[]> {
  const calls = streams.map((stream) => {
    const own = new URLSearchParams(query)
    if (shape.token !== undefined) own.delete(shape.token)
    if (limit && shape.limit !== undefined) own.set(shape.limit, String(limit))
    if (stream.part && shape.shared) own.set(shape.shared.query, stream.part)
    const opener = shape.page ?? shape.token
    if (shape.page !== undefined) own.delete(shape.page)
    if (stream.cursor.token !== null && opener !== undefined) own.set(opener, stream.cursor.token)
    if (shape.isAskedInBody) return { ...call, body: bodyAt(call, shape, own) }
    const search = own.toString()
    return { ...call, method: 'GET', body: null, search: search === '' ? '' : `?${search}` }
  })
  const targets = streams.map((stream) => stream.account)
  return askAccounts(ports, targets, (_, index) => calls[index] ?? call, read)
}

function toPage(shape: ListShape, { answer }: Asked, cursor: Cursor): StreamPage {
  if (!answer || answer.status >= 400) return { cursor, rows: [], next: null }
  const rows = rowsIn(shape, shape.rows[0] ?? '', answer)
  return { cursor, rows, next: nextOf(shape, answer, cursor, rows.length) }
}

/** The provider's token for the next page, or the number of that page. */
function nextOf(shape: ListShape, { json }: Answer, cursor: Cursor, rows: number): string | null {
  if (shape.page !== undefined) {
    const page = Number(cursor.token ?? 1)
    const size = Number(valueAt(json, '/data/page_size') ?? rows)
    const total = Number(valueAt(json, shape.totals[0] ?? '') ?? 0)
    return rows > 0 && page * size < total ? String(page + 1) : null
  }
  const next = shape.next === undefined ? undefined : textAt(json, shape.next)
  const more = shape.more === undefined ? true : valueAt(json, shape.more) !== false
  return next !== undefined && more ? next : null
}

/**
 * The owners that the rows show: private rows belong to the account that lists them. In a list that mixes public and private
 * rows, a row that only one account shows is private, if all accounts answered.
 */
export function ownersIn(
  call: ProxyCall,
  shape: ListShape,
  streams: readonly Stream[],
  merged: MergedPage,
  asked: readonly Asked[]
): Owner[] {
  const route = call.match?.route
  const isMixed = route?.mixesShared === true
  const isLikeness = route !== undefined && call.provider.uploads?.isLikenessRow(route) === true
  const isWhole = asked.every((one) => one.answer && one.answer.status < 400)
  if ((call.match?.route.lists ?? []).length === 0) return []
  const canBeAlone = isMixed && isWhole && shape.next === undefined && streams.length > 1
  const holders = canBeAlone ? holdersOf(shape, asked) : new Map<string, number>()
  return merged.rows.flatMap(({ row, stream }) => {
    const { account, part } = streams[stream] ?? {}
    const isAlone = holders.get(row.id) === 1
    const isPrivate = !isMixed || part === 'private' || (part === undefined && isAlone)
    if (!account || !isPrivate) return []
    const rest = {
      email: account.email,
      source: 'listed' as const,
      mayBeShared: isMixed,
      ...(isLikeness ? { isLikeness } : {}),
    }
    return [row.id, ...ownedIn(shape, row)].map((id) => ({ id, ...rest }))
  })
}

function ownedIn({ owned = [] }: ListShape, row: Row): string[] {
  const value = owned.length === 0 ? undefined : parseJson(row.text)
  return owned.flatMap((pointer) => textsAt(value, pointer))
}

/** How many answers show each row. Counted once, because some lists have thousands of rows. */
function holdersOf(shape: ListShape, asked: readonly Asked[]): Map<string, number> {
  const holders = new Map<string, number>()
  for (const { answer } of asked) {
    const rows = shape.rows.flatMap((pointer) => valuesAt(answer?.json, `${pointer}/*`))
    for (const id of new Set(rows.map((row) => rowId(shape, row)))) {
      if (id !== undefined) holders.set(id, (holders.get(id) ?? 0) + 1)
    }
  }
  return holders
}

/** An account that did not answer is asked for the same page again, as long as another account has more rows. */
function nextPlace(
  shape: ListShape,
  open: readonly Stream[],
  asked: readonly Asked[],
  merged: MergedPage,
  limit: number
): Place | undefined {
  if (shape.token === undefined || shape.next === undefined) return undefined
  const ends = open.map(({ account, part, cursor }, index) => {
    const status = asked[index]?.answer?.status ?? 599
    const isBroken = status >= 400
    const after = (isBroken ? cursor : merged.cursors[index]) ?? START
    return { isBroken, email: account.email, ...(part ? { part } : {}), cursor: after }
  })
  if (!ends.some((end) => !end.isBroken && !end.cursor.isDone)) return undefined
  const streams = ends
    .filter((end) => !end.cursor.isDone)
    .map(({ email, part, cursor }) => ({ email, ...(part ? { part } : {}), cursor }))
  return { limit, streams }
}

function streamsAt(place: Place, accounts: readonly Account[]): Stream[] {
  return place.streams.flatMap(({ email, part, cursor }) => {
    const account = accounts.find((one) => one.email === email)
    return account ? [{ account, ...(part ? { part } : {}), cursor }] : []
  })
}
