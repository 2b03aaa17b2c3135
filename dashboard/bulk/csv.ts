/** Reads and writes CSV as spreadsheets make it: commas, semicolons or tabs, quotes, any line end, a byte order mark. */

export interface CsvRow {
  /** The line of the file on which the row begins, from 1. */
  line: number
  cells: string[]
}

/** `openQuote`: the line of a quote that is not closed, or that text follows. Nothing after it can be read. */
export function readCsv(text: string): { rows: CsvRow[]; openQuote?: number } {
  const { body, separator, firstLine } = readStart(text)
  const rows: CsvRow[] = []
  // Each match is one cell and what ends it. A quoted cell may hold separators, line ends and doubled quotes.
  const cell = new RegExp(
    `[ ]*(?:"((?:[^"]|"")*)"[ ]*|([^${separator}\r\n]*))(${separator}|\r\n|\r|\n|$)`,
    'y'
  )
  let row: CsvRow = { line: firstLine, cells: [] }
  let line = firstLine
  while (cell.lastIndex < body.length) {
    const [whole = '', quoted, plain = '', end = ''] = cell.exec(body) ?? []
    if (quoted === undefined && plain.trimStart().startsWith('"')) return { rows, openQuote: line }
    row.cells.push((quoted?.replaceAll('""', '"') ?? plain).trim())
    line += whole.match(/\r\n|\r|\n/g)?.length ?? 0
    if (end === separator) {
      // A separator at the very end of the text leaves one more cell, an empty one.
      if (cell.lastIndex === body.length) row.cells.push('')
      else continue
    }
    rows.push(row)
    row = { line, cells: [] }
  }
  if (row.cells.length > 0) rows.push(row)
  return { rows: rows.filter(({ cells }) => cells.some((one) => one !== '')) }
}

/** The text behind a byte order mark and a line such as `sep=;`, which names the separator for Excel. */
function readStart(text: string): { body: string; separator: string; firstLine: number } {
  const body = text.replace(/^\uFEFF/, '')
  const [hint, named] = /^sep=([,;\t])(?:\r\n|\r|\n)/i.exec(body) ?? []
  if (hint !== undefined && named !== undefined) {
    return { body: body.slice(hint.length), separator: named, firstLine: 2 }
  }
  const first = body.trimStart().split(/[\r\n]/, 1)[0] ?? ''
  const [best = ','] = [',', ';', '\t'].toSorted((a, b) => count(first, b) - count(first, a))
  return { body, separator: best, firstLine: 1 }
}

function count(text: string, part: string): number {
  return text.split(part).length
}

/** Cells that a spreadsheet would run as a formula get an apostrophe in front. */
export function toCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `${cells.map(toCell).join(',')}\r\n`).join('')
}

function toCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
