/**
 * Merges the pages of several streams into one page, newest first and each row once, with the position in each stream
 * where the next page continues. A stream is the list of one account, or a part of it.
 */
export interface Row {
  id: string
  /** Epoch ms. 0 if the list has no times; then one stream follows the other. */
  createdAt: number
  /** The row's JSON, as the provider wrote it. */
  text: string
}

/**
 * A position in a stream: on the page that `token` opens, after the row `after`. Lists change between two requests, so the
 * position is found by that row. `skip`, the number of rows before the position, counts only for rows without times.
 */
export interface Cursor {
  token: string | null
  skip: number
  after?: { id: string; createdAt: number }
  isDone: boolean
}

export interface StreamPage {
  cursor: Cursor
  rows: readonly Row[]
  /** The token of the next page; null: there is none. */
  next: string | null
}

export interface MergedPage {
  rows: { row: Row; stream: number }[]
  cursors: Cursor[]
}

/**
 * Stops at `limit` rows, or when a stream's page is used up and the stream has another page: its next row is not known yet,
 * so an older row must not be taken before it.
 */
export function mergePages(pages: readonly StreamPage[], limit: number): MergedPage {
  const taken = pages.map(startIn)
  const merged: MergedPage['rows'] = []
  const seen = new Set<string>()
  while (
    merged.length < limit &&
    !pages.some((page, index) => isWanting(page, taken[index] ?? 0))
  ) {
    const stream = newestHead(pages, taken)
    const row = pages[stream]?.rows[taken[stream] ?? 0]
    if (!row) break
    taken[stream] = (taken[stream] ?? 0) + 1
    if (seen.has(row.id)) continue
    seen.add(row.id)
    merged.push({ row, stream })
  }
  return { rows: merged, cursors: pages.map((page, index) => advance(page, taken[index] ?? 0)) }
}

/** The index at which a page continues. If the row `after` is gone, it continues at the first older row. */
function startIn({ cursor: { after, skip }, rows }: StreamPage): number {
  if (!after) return Math.min(skip, rows.length)
  const at = rows.findIndex((row) => row.id === after.id)
  if (at >= 0) return at + 1
  if (after.createdAt === 0) return Math.min(skip, rows.length)
  const older = rows.findIndex((row) => row.createdAt <= after.createdAt)
  return older < 0 ? rows.length : older
}

function isWanting(page: StreamPage, taken: number): boolean {
  return taken >= page.rows.length && page.next !== null && page.rows.length > 0
}

/** The stream whose next row is the newest. If several are, the first of them. */
function newestHead(pages: readonly StreamPage[], taken: readonly number[]): number {
  let best = -1
  for (const [index, page] of pages.entries()) {
    const row = page.rows[taken[index] ?? 0]
    const leader = pages[best]?.rows[taken[best] ?? 0]
    if (row && (!leader || row.createdAt > leader.createdAt)) best = index
  }
  return best
}

function advance(page: StreamPage, taken: number): Cursor {
  const last = page.rows[taken - 1]
  if (taken < page.rows.length) {
    const after = last ? { after: { id: last.id, createdAt: last.createdAt } } : {}
    return { token: page.cursor.token, skip: taken, ...after, isDone: false }
  }
  return { token: page.next, skip: 0, isDone: page.next === null }
}

/** Reads a time as epoch ms. Accepts seconds, milliseconds, either as text, and dates; 0 for anything else. */
export function toMs(time: unknown): number {
  if (typeof time === 'string' && !/^\d+(\.\d+)?$/.test(time)) return Date.parse(time) || 0
  const number = Number(time ?? 0)
  if (!Number.isFinite(number)) return 0
  return number < 1e11 ? number * 1000 : number
}
