/**
 * Merges lists with numbered pages that do not say where they end. Clients take a short page for the last one, so each
 * merged page must be full: every account is asked for all its rows up to that page, in the largest pages it gives.
 */
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { mergePages, type Row } from '#domain/lists/merge-rows.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ListShape } from '#providers/contract/provider.ts'
import { askAccounts, ReadTogether, type Asked } from '#flows/routing/ask-accounts.ts'
import { answersOf, noneAnswered, partialAnswer } from './combine-answers.ts'
import { learnIds } from '#flows/routing/learn-ids.ts'
import { pagedText, rowsIn } from './list-rows.ts'
import { ownersIn, START } from './merge-lists.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'

const ROUNDS_MAX = 10

export type CountedShape = ListShape & { counted: NonNullable<ListShape['counted']> }

export async function mergeCounted(
  ports: Ports,
  call: ProxyCall,
  shape: CountedShape,
  accounts: readonly Account[]
): Promise<ProxyAnswer> {
  const { number, size } = pageOf(call, shape)
  const { asked, rows } = await askUpTo(ports, call, shape, accounts, number * size)
  const answered = answersOf(asked)
  const [first] = answered
  if (!first) return noneAnswered(ports, asked)
  const pages = rows.map((some) => ({ cursor: START, rows: some, next: null }))
  const all = mergePages(pages, number * size)
  const merged = { ...all, rows: all.rows.slice((number - 1) * size) }
  const streams = accounts.map((account) => ({ account, cursor: START }))
  await learnIds(ports, call, ownersIn(call, shape, streams, merged, asked))
  return partialAnswer(first, pagedText(shape, first, answered, merged, null), asked)
}

/** The page that the client asks for. An invalid number is sent on unchanged, and the provider refuses it. */
function pageOf(call: ProxyCall, { counted }: CountedShape): { number: number; size: number } {
  const query = new URLSearchParams(call.search)
  const read = (name: string, usual: number) => {
    const value = Number(query.get(name) ?? usual)
    return Number.isInteger(value) && value >= 1 ? value : usual
  }
  const number = read(counted.page, 1)
  const size = Math.min(read(counted.size, counted.usual), counted.most)
  const rows = ROUNDS_MAX * counted.most
  if (number * size <= rows) return { number, size }
  throw new AppError(
    'bad_request',
    `${counted.page}: over several accounts, only the first ${rows} rows can be listed`
  )
}

/** The first `wanted` rows of every account, or all its rows if it has fewer. */
async function askUpTo(
  ports: Ports,
  call: ProxyCall,
  shape: CountedShape,
  accounts: readonly Account[],
  wanted: number
): Promise<{ asked: Asked[]; rows: Row[][] }> {
  const { counted } = shape
  const size = Math.min(wanted, counted.most)
  const rows: Row[][] = accounts.map(() => [])
  const asked: Asked[] = accounts.map((account) => ({ account }))
  const read = new ReadTogether(ports)
  let open = accounts.map((_, index) => index)
  for (let page = 1; open.length > 0 && (page - 1) * size < wanted; page += 1) {
    const search = searchFor(call, counted, page, size)
    const turn = open.flatMap((index) => accounts[index] ?? [])
    const answers = await askAccounts(ports, turn, () => ({ ...call, search }), read)
    const full = open.filter((index, at) => {
      const one = answers[at]
      const isFirst = page === 1 || !one?.answer || one.answer.status >= 300
      if (one && isFirst) asked[index] = one
      const news =
        one?.answer && one.answer.status < 300 ? rowsIn(shape, shape.rows[0] ?? '', one.answer) : []
      rows[index]?.push(...news)
      return news.length >= size
    })
    open = full
  }
  return { asked, rows }
}

function searchFor(
  call: ProxyCall,
  counted: CountedShape['counted'],
  page: number,
  size: number
): string {
  const query = new URLSearchParams(call.search)
  const isOdd = (name: string, most: number) => {
    const value = query.get(name)
    return value !== null && !(/^[1-9]\d*$/.test(value) && Number(value) <= most)
  }
  if (!isOdd(counted.page, Infinity)) query.set(counted.page, String(page))
  if (!isOdd(counted.size, counted.most)) query.set(counted.size, String(size))
  return `?${query}`
}
