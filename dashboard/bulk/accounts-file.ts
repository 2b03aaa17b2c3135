/** Reads accounts out of a CSV text: which line is which account, and what is wrong with a line, in words. */
import { readCsv } from './csv.ts'

const COLUMNS = [
  'provider',
  'email',
  'apiKey',
  'maxJobs',
  'accessKey',
  'secretKey',
  'region',
  'webhookSecret',
] as const
type Column = (typeof COLUMNS)[number]

/** The fields that hold a secret: one of them makes a line an account. */
const SECRETS: Readonly<Record<string, readonly Column[]>> = {
  heygen: ['apiKey'],
  kling: ['apiKey', 'accessKey', 'secretKey', 'region', 'webhookSecret'],
}

export interface AccountLine {
  line: number
  provider: string
  email: string
  /** The body of `POST /v1/{provider}/accounts`. It holds the keys: it is never shown and never stored. */
  body: Record<string, string | number>
  /** Why the line cannot be sent. */
  problem?: string
}

/** `problem`: nothing in the text can be used. */
export function readAccounts(text: string): { lines: AccountLine[]; problem?: string } {
  const { rows, openQuote } = readCsv(text)
  const [head, ...rest] = rows
  if (openQuote !== undefined) {
    return {
      lines: [],
      problem: `The quote in line ${openQuote} is not closed, or text follows it.`,
    }
  }
  if (!head) return { lines: [], problem: 'Paste a text with a header line first.' }
  const columns = head.cells.map(toColumn)
  const problem = problemOfHeader(head.cells, columns)
  if (problem !== undefined) return { lines: [], problem }
  if (rest.length === 0) return { lines: [], problem: 'There is no line below the header line.' }
  return { lines: withRepeats(rest.map(({ line, cells }) => readLine(line, cells, columns))) }
}

/** `API key`, `api_key` and `apikey` are all `apiKey`. */
function toColumn(name: string): Column | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[\s_-]/g, '')
  return COLUMNS.find((column) => plain(column) === plain(name))
}

function problemOfHeader(
  names: readonly string[],
  columns: readonly (Column | undefined)[]
): string | undefined {
  const known = columns.filter((column) => column !== undefined)
  // Its cells are not shown: where the header is missing, they are keys.
  if (known.length === 0) return `The first line must name the columns: ${COLUMNS.join(', ')}.`
  const unknown = names.filter((name, at) => name !== '' && columns[at] === undefined)
  if (unknown.length > 0) {
    return `The header has columns that are not known: ${unknown.join(', ')}. Known are: ${COLUMNS.join(', ')}.`
  }
  const twice = known.find((column, at) => known.indexOf(column) !== at)
  if (twice !== undefined) return `The header has the column ${twice} twice.`
  const missing = (['provider', 'maxJobs'] as const).filter((column) => !known.includes(column))
  return missing.length === 0 ? undefined : `The header has no column ${missing.join(' and ')}.`
}

function readLine(
  line: number,
  cells: readonly string[],
  columns: readonly (Column | undefined)[]
): AccountLine {
  const given: Partial<Record<Column, string>> = {}
  for (const [at, column] of columns.entries()) {
    const cell = cells[at] ?? ''
    if (column !== undefined && cell !== '') given[column] = cell
  }
  const { provider: named = '', email = '', maxJobs = '', ...fields } = given
  const provider = named.toLowerCase()
  const problem =
    cells.length > columns.length
      ? `The line has ${cells.length} cells, the header has ${columns.length}.`
      : problemOf(provider, maxJobs, fields)
  return {
    line,
    provider,
    email,
    body: { ...fields, ...(email === '' ? {} : { email }), maxJobs: Number(maxJobs) },
    ...(problem === undefined ? {} : { problem }),
  }
}

function problemOf(
  provider: string,
  maxJobs: string,
  fields: Partial<Record<Column, string>>
): string | undefined {
  const secrets = SECRETS[provider]
  if (!secrets) {
    return provider === ''
      ? 'provider is empty: write heygen or kling.'
      : 'provider must be heygen or kling.'
  }
  if (!/^[1-9]\d{0,3}$/.test(maxJobs)) return 'maxJobs must be a whole number from 1 on.'
  const strange = Object.keys(fields).filter((name) => !secrets.includes(name as Column))
  if (strange.length > 0) return `A ${provider} account has no ${strange.join(', ')}.`
  if (fields.apiKey !== undefined) return undefined
  if (provider === 'heygen') return 'apiKey is empty.'
  if (fields.accessKey === undefined && fields.secretKey === undefined)
    return 'Give an apiKey, or an accessKey with its secretKey.'
  if (fields.accessKey === undefined) return 'accessKey is empty.'
  return fields.secretKey === undefined ? 'secretKey is empty.' : undefined
}

/** A key or an email that stood in an earlier line is a problem: the later line would replace the earlier one. */
function withRepeats(lines: readonly AccountLine[]): AccountLine[] {
  const seen = new Map<string, number>()
  return lines.map((one) => {
    if (one.problem !== undefined) return one
    const { provider, body } = one
    const names = ['email', 'apiKey', 'accessKey'].flatMap((name) => {
      const value = body[name]
      return value === undefined ? [] : [`${provider} ${name} ${String(value).toLowerCase()}`]
    })
    const earlier = names.map((name) => seen.get(name)).find((line) => line !== undefined)
    if (earlier !== undefined)
      return { ...one, problem: `The same account stands in line ${earlier}.` }
    for (const name of names) seen.set(name, one.line)
    return one
  })
}
