/** The rows of the map with their corrections. */
import { CORRECTIONS, type Call, type Correction } from './corrections.ts'
import map from './map.json' with { type: 'json' }
import type { Item, Json, Members } from './places.ts'

interface ErrorWord {
  v3Status: number
  status: number
  code: number | string
  message: string
}

export interface Row {
  /** `POST /v2/video/generate`. */
  name: string
  method: string
  path: string
  host: string
  envelope: string
  inIndex: boolean
  v3: Call[] | null
  plan: string
  request: Item[]
  response: Item[]
  errors: { envelope: string | null; codes: Record<string, ErrorWord> }
  statusValues: Members | undefined
  /** What cannot be said in v3, in prose. */
  lost: string[]
  gone: RegExp | undefined
  /** Answered without a call. */
  answer: { status: number; body: Json } | undefined
}

export const RULES = map.rules

export const ROWS: Row[] = map.rows.map((raw) => {
  const { legacy, errors } = raw
  const name = `${legacy.method} ${legacy.path}`
  const more = raw as unknown as Record<string, Json>
  const row: Row = {
    ...legacy,
    name,
    v3: raw.v3,
    plan: 'one',
    request: (more['request'] ?? []) as unknown as Item[],
    response: (more['response'] ?? []) as unknown as Item[],
    errors: errors as unknown as Row['errors'],
    statusValues: more['statusValues'] as Members | undefined,
    lost: (more['lost'] ?? []) as string[],
    gone: undefined,
    answer: undefined,
  }
  return CORRECTIONS.filter((one) => one.row === name).reduce(corrected, row)
})

export const ROW_BY_NAME = new Map(ROWS.map((row) => [row.name, row]))

function corrected(row: Row, correction: Correction): Row {
  return {
    ...row,
    v3: correction.v3 === undefined ? row.v3 : correction.v3,
    plan: correction.plan ?? row.plan,
    request: changed(row.request, correction.request),
    response: changed(row.response, correction.response),
    gone: correction.gone ?? row.gone,
    answer: correction.answer ?? row.answer,
  }
}

function changed(items: Item[], changes: Correction['request']): Item[] {
  let now = items
  for (const [name, becomes] of changes ?? []) {
    const [from = '', to = ''] = name.split(' -> ')
    const isIt = (item: Item) => item.from === from && item.to === to
    if (becomes === null) now = now.filter((item) => !isIt(item))
    else if (now.some(isIt)) now = now.map((item) => (isIt(item) ? { ...item, ...becomes } : item))
    else now = [...now, { from, to, op: 'copy', transform: 'copy', ...becomes }]
  }
  return now
}

/** The corrections that name no row or no item of the map, so that none of them is idle. */
export function idleCorrections(): string[] {
  const names = new Set(map.rows.map(({ legacy }) => `${legacy.method} ${legacy.path}`))
  return CORRECTIONS.filter((one) => !names.has(one.row)).map((one) => one.row)
}
