/** One call of one account at Kling: allowed, valid, then answered by what its row is for. */
import { siteOf } from '../../answers/links.ts'
import { rowName } from '../../catalogue/rows.ts'
import type { State } from '../../state/state.ts'
import type { KlingAccount } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { fromWire } from '../answers/big-integers.ts'
import type { Call } from '../answers/call.ts'
import { refused } from '../answers/errors.ts'
import { CATALOGUE, type KlingMatch, type Row } from '../catalogue/catalogue.ts'
import { startTask } from '../creations/start.ts'
import { serveUnlisted, UNLISTED } from '../creations/unlisted.ts'
import { readBill, readPacks } from '../reads/packs-and-bills.ts'
import { listByCursor, listByPage, readTask, readTasks } from '../reads/tasks.ts'
import { generate, listOldElements, listPresets, write } from '../writes/writes.ts'
import { resolveOwners } from './owners.ts'
import { validate } from './validate.ts'

export type ServeInput = { state: State; url: URL; match: KlingMatch; text: string }

type Handler = (call: Call) => Doc | Promise<Doc>

const BY_NAME: Record<string, Handler> = {
  'GET /tasks': readTasks,
  'POST /tasks': listByCursor,
  'GET /account/costs': readPacks,
  'POST /account/billing/balance': readBill,
  'POST /account/billing/package': readBill,
  'GET /v1/general/custom-elements': listOldElements,
}

const BY_KIND: Record<string, Handler> = {
  'creates-job': startTask,
  'job-status': readTask,
  'read-account': listByPage,
  'read-shared': listPresets,
  'sync-generation': generate,
  'write-account': write,
}

/** The simulator does not start if a row has no handler. */
const HANDLERS = new Map(
  CATALOGUE.filter((row) => row.keys !== 'none').map((row) => [rowName(row), handlerOf(row)])
)

function handlerOf(row: Row): Handler {
  const handler = BY_NAME[rowName(row)] ?? BY_KIND[row.kind]
  if (!handler) throw new Error(`${rowName(row)} has no handler`)
  return handler
}

export async function serve(input: ServeInput, account: KlingAccount): Promise<Doc> {
  const { state, url, match, text } = input
  const { row, params } = match
  assertUsable(account)
  assertRate(state, account, row)
  const name = rowName(row)
  const call: Call = {
    state,
    row,
    name,
    account,
    params,
    query: url.searchParams,
    body: row.requestContentType ? readBody(text) : {},
    text,
    site: siteOf(state, url.origin),
    found: new Map(),
  }
  if (row.kind === UNLISTED) return serveUnlisted(call)
  if (row.method === 'POST') validate(call)
  resolveOwners(call)
  const handler = HANDLERS.get(name)
  if (!handler) throw refused(1203)
  return handler(call)
}

/** Codes about the account refuse every call. Codes about money or a model refuse only creations [guess]. */
function assertUsable({ kling }: KlingAccount): void {
  const code = kling.refuseWith
  if (code !== null && ![1101, 1102, 1103, 1301, 1303].includes(code)) throw refused(code)
}

const calls = new WeakMap<State, Map<string, number[]>>()

/** The limits are not documented. An account has none unless the control API sets one. */
function assertRate(state: State, account: KlingAccount, row: Row): void {
  const { ratePerSecond, costsPerSecond } = account.kling
  assertBelow(state, `${account.key} all`, ratePerSecond)
  if (row.path === '/account/costs') assertBelow(state, `${account.key} costs`, costsPerSecond)
}

function assertBelow(state: State, key: string, limit: number | null): void {
  if (limit === null) return
  const seen = calls.get(state) ?? new Map<string, number[]>()
  calls.set(state, seen)
  const now = state.now()
  const recent = (seen.get(key) ?? []).filter((at) => at > now - 1000)
  if (recent.length >= limit) throw refused(1302)
  seen.set(key, [...recent, now])
}

function readBody(text: string): Doc {
  let body: unknown
  try {
    body = fromWire(text)
  } catch {
    throw refused(1200, 'The request body is not valid JSON')
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body))
    throw refused(1200, 'The request body must be a JSON object')
  return body as Doc
}
