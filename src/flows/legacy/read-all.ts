/** Reads a list whole, page by page, as a client would. */
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import type { NewerAnswer, NewerCall, WholeList } from '#providers/contract/provider.ts'

const PAGES_MAX = 20

export async function readAll(
  { path, query = {}, limit, rowsMax = Infinity }: WholeList,
  ask: (call: NewerCall) => Promise<NewerAnswer>
): Promise<unknown[]> {
  const rows: unknown[] = []
  let token: string | undefined
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { body } = await ask({ method: 'GET', path, query: { ...query, limit, token } })
    const found = valueAt(body, '/data')
    rows.push(...(Array.isArray(found) ? found : []))
    token = textAt(body, '/next_token')
    if (token === undefined || rows.length >= rowsMax) break
  }
  return rows.slice(0, rowsMax)
}
