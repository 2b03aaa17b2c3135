/** Writes rows as CSV (RFC 4180). A value that is not known is an empty field. Pure. */
type Value = string | number | null | undefined

/** A program for tables would run a text that begins so. */
const FORMULA = /^[=+\-@\t\r]/

export function toCsv<T extends object>(
  columns: readonly (keyof T & string)[],
  rows: readonly T[]
): string {
  const lines = rows.map((row) => columns.map((column) => fieldOf(row[column] as Value)).join(','))
  return [columns.join(','), ...lines].map((line) => `${line}\r\n`).join('')
}

function fieldOf(value: Value): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
