/**
 * Reads a list whole, page by page. Rows of the accounts' own are always read. Public rows come from a copy (read-public.ts).
 * Cloudflare's free plan lets one request ask 50 questions, so the pages of one older call are limited, and what is missing is said.
 */
import { textAt } from '#domain/text/json-pointer.ts'
import type { WholeList } from '#providers/contract/provider.ts'
import { rowsIn, type ListReader } from './list-reader.ts'
import { readPublic } from './read-public.ts'

export async function readAll(reader: ListReader, list: WholeList): Promise<unknown[]> {
  const { rowsMax = Infinity } = list
  const rows = await (list.isPublic ? readPublic(reader, list) : readOwn(reader, list))
  return rows.slice(0, rowsMax)
}

async function readOwn(
  { ports, call, ask, lose, budget }: ListReader,
  { path, query = {}, limit, rowsMax = Infinity, what = 'rows' }: WholeList
): Promise<unknown[]> {
  const rows: unknown[] = []
  const { accounts } = await ports.accounts.list(call.tenant, call.provider.name)
  const questions = call.email === undefined ? accounts.length : 1
  let token: string | undefined
  do {
    const { body } = await ask({ method: 'GET', path, query: { ...query, limit, token } })
    budget.questions -= questions
    rows.push(...rowsIn(body))
    token = textAt(body, '/next_token')
    if (token === undefined || rows.length >= rowsMax) return rows
  } while (budget.questions >= questions)
  lose(`own ${what} after the first ${rows.length}`)
  return rows
}
