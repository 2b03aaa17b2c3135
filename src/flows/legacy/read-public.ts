/**
 * Reads a list of public rows from the tenant's copy of it. A copy that is missing or too old is read from one account, as many
 * pages as one request may ask for. The next request goes on where this one stopped. An old copy is used, and read again after
 * the answer.
 */
import { AppError } from '#domain/runtime/errors.ts'
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import { RefusedByNewer } from '#domain/legacy/refused.ts'
import { partOf, useOf, withPage, type ListCopy, type ListPage } from '#domain/lists/list-copy.ts'
import type { NamedList } from '#domain/ports/ports.ts'
import type { WholeList } from '#providers/contract/provider.ts'
import { rowsIn, type ListReader } from './list-reader.ts'

const TRIES_MAX = 3
/** So that the list gets longer with each request, however many accounts there are. */
const PAGES_MIN = 2
/** While another request of this isolate reads the list, a request looks this often, and at most this many times. */
const LOOK_MS = 500
const LOOKS_MAX = 20
/** A request that has not shown a page for this long has died. */
const READING_MS = 20_000

export async function readPublic(reader: ListReader, list: WholeList): Promise<readonly unknown[]> {
  const { ports, lose } = reader
  const named = nameOf(reader, list)
  const copy = await ports.listCopies.find(named)
  const { rows, read } = useOf(copy, ports.now(), ages(reader))
  if (rows) {
    if (read === 'after' && !isRead(reader, named)) {
      ports.defer(readOn(reader, list, named).catch(() => {}))
    }
    return rows
  }
  await awaitOthers(reader, named)
  const reading = readOn(reader, list, named)
  ports.defer(reading.catch(() => {}))
  const { copy: latest, failure } = await reading
  const whole = useOf(latest, ports.now(), ages(reader)).rows
  if (whole) return whole
  const part = latest?.part?.rows ?? []
  if (part.length === 0 && failure !== undefined) throw failure
  const { what = 'rows', rowsMax = Infinity } = list
  if (part.length < rowsMax) lose(`${what} after the first ${part.length}`)
  return part
}

function nameOf({ call }: ListReader, { path, query = {}, limit }: WholeList): NamedList {
  const search = new URLSearchParams({ ...query, limit: String(limit) })
  search.sort()
  return { tenant: call.tenant, provider: call.provider.name, name: `${path}?${search}` }
}

function ages({ ports }: ListReader) {
  const { freshListCopyMs, keepListCopyMs } = ports.durations
  return { freshMs: freshListCopyMs, keepMs: keepListCopyMs }
}

/** Requests share what was read, never the reading itself: a promise ends with the request that made it. */
async function awaitOthers(reader: ListReader, named: NamedList): Promise<void> {
  for (let looks = 0; looks < LOOKS_MAX && isRead(reader, named); looks += 1) {
    await reader.ports.after(LOOK_MS)
  }
}

function isRead({ ports }: ListReader, named: NamedList): boolean {
  return ports.memory.get(markOf(named), ports.now()) === true
}

function mark({ ports }: ListReader, named: NamedList, ms: number): void {
  ports.memory.set(markOf(named), true, ports.now() + ms)
}

function markOf({ tenant, provider, name }: NamedList): string {
  return `${provider}/${tenant}/reading ${name}`
}

/** Reads as many pages as are left. What was read is saved once, also if a page failed. */
async function readOn(
  reader: ListReader,
  list: WholeList,
  named: NamedList
): Promise<{ copy: ListCopy | undefined; failure?: unknown }> {
  const { ports, call, budget } = reader
  const { rowsMax = Infinity } = list
  // Own rows are asked of every account.
  const { accounts } = await ports.accounts.list(call.tenant, call.provider.name)
  const spare = Math.max(PAGES_MIN, budget.questions - accounts.length)
  budget.publicPages = Math.min(budget.publicPages, spare)
  mark(reader, named, READING_MS)
  const found = await ports.listCopies.find(named)
  let copy = found
  let failure: unknown
  const isDone = () =>
    useOf(copy, ports.now(), ages(reader)).read === 'no' ||
    (copy?.part?.rows.length ?? 0) >= rowsMax
  try {
    while (!isDone() && budget.publicPages > 0) {
      const part = partOf(copy, ports.now(), ages(reader))
      const page = part && (await pageOf(reader, list, part.email, part.next))
      // The account may be gone, or its token may have ended. Then the list is read from its start.
      const isAgain = part !== undefined && page === undefined
      if (isAgain && copy !== found) break
      const first = page ?? (await firstPage(reader, list))
      copy = withPage(copy, isAgain ? undefined : part, first, ports.now())
      ports.listCopies.remember(named, copy)
      mark(reader, named, READING_MS)
    }
  } catch (error) {
    failure = error
  }
  mark(reader, named, 0)
  if (copy && copy !== found) {
    const saved = ports.listCopies.save(named, copy)
    ports.defer(saved.catch(() => ports.log('list_copy_not_saved', { tenant: named.tenant })))
  }
  return { copy, failure }
}

/** From the first account that gives it. Throws the last refusal if none does. */
async function firstPage(reader: ListReader, list: WholeList): Promise<ListPage> {
  let failure: unknown
  for (const email of (await accountsFor(reader)).slice(0, TRIES_MAX)) {
    try {
      return await ask(reader, list, email)
    } catch (error) {
      failure = error
    }
  }
  throw failure ?? new AppError('no_accounts', 'No account has been added yet.')
}

/** The account that the client named, else all, those that seem slow or parked last. */
async function accountsFor({ ports, call }: ListReader): Promise<string[]> {
  if (call.email !== undefined) return [call.email]
  const { accounts } = await ports.accounts.list(call.tenant, call.provider.name)
  const { hints } = ports
  const now = ports.now()
  const isDoubtful = (key: string) => hints.isHung(key) || hints.parkings(key, now).length > 0
  return accounts
    .toSorted((a, b) => Number(isDoubtful(a.key)) - Number(isDoubtful(b.key)))
    .map(({ email }) => email)
}

/** Undefined: the account does not give this page. */
async function pageOf(
  reader: ListReader,
  list: WholeList,
  email: string,
  token: string
): Promise<ListPage | undefined> {
  return ask(reader, list, email, token).catch((error: unknown) => {
    if (error instanceof AppError || error instanceof RefusedByNewer) return undefined
    throw error
  })
}

async function ask(
  { askAside, budget }: ListReader,
  { path, query = {}, limit }: WholeList,
  email: string,
  token?: string
): Promise<ListPage> {
  budget.publicPages -= 1
  budget.questions -= 1
  const answer = await askAside({
    method: 'GET',
    path,
    query: { ...query, limit, token },
    email,
  })
  // An answer without a list must not become an empty copy, which would be kept for hours.
  const isList = Array.isArray(valueAt(answer.body, '/data'))
  if (answer.status < 400 && !isList) throw new RefusedByNewer({ ...answer, status: 502 })
  if (answer.status >= 400) throw new RefusedByNewer(answer)
  const next = textAt(answer.body, '/next_token')
  return { email, rows: rowsIn(answer.body), ...(next === undefined ? {} : { next }) }
}
