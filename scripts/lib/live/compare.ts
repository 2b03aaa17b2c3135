/** Makes each read twice, at the provider itself and through the gateway, and holds both answers against the documented one. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { PROJECT } from '../local-stack.ts'
import type { IdList, LiveRead } from './reads.ts'
import { differences, shapeOf, shownName } from './shapes.ts'

/** One side: where its calls go, and what they carry. */
export interface Side {
  origin: string
  headers: () => Promise<Record<string, string>>
}

export interface Seen {
  /** 0: no answer came. */
  status: number
  /** JSON, HTML or other. */
  type: string
  /** The code of a refusal, if it is a short word or number. */
  code?: string
  carried?: string
  lost?: string
  /** Headers that tell of an end or a limit, by name. */
  notices: string[]
}

type Answer = Seen & { body?: unknown }

export interface Finding {
  name: string
  /** Undefined: the account has nothing with which to ask. */
  direct?: Seen
  through?: Seen
  directDiffers: string[]
  throughDiffers: string[]
}

export interface Comparing {
  /** `heygen` or `kling`: whose catalogue is the documentation. */
  provider: 'heygen' | 'kling'
  reads: readonly LiveRead[]
  ids: Readonly<Record<string, IdList>>
  direct: Side
  through: Side
  onStep: (name: string) => void
}

const TIMEOUT_MS = 60_000
const NOTICES = ['deprecation', 'sunset', 'retry-after', 'x-gateway-partial']

/** `secrets`: texts that the answers showed and that no report may contain. */
export async function compareReads(
  what: Comparing
): Promise<{ findings: Finding[]; ids: string[] }> {
  const documented = readCatalogue(what.provider)
  const ids = await findIds(what)
  const findings: Finding[] = []
  for (const read of what.reads) {
    const name = `GET ${read.path}`
    what.onStep(name)
    const example = documented.get(read.path)
    const id = read.id === undefined ? '' : ids.get(read.id)
    if (id === undefined) {
      findings.push({ name, directDiffers: [], throughDiffers: [] })
      continue
    }
    const address = addressOf(read, id)
    const { body: directBody, ...direct } = await look(what.direct, address)
    const { body: throughBody, ...through } = await look(what.through, address)
    findings.push({
      name,
      direct,
      through,
      directDiffers: differencesOf(example, { ...direct, body: directBody }),
      // What the gateway adds to an answer of its own is no news.
      throughDiffers: differencesOf(example, { ...through, body: throughBody }).filter(
        (line) => !line.includes(': not documented')
      ),
    })
  }
  return { findings, ids: [...ids.values()] }
}

/** Only GETs can be made here. */
export async function look({ origin, headers }: Side, address: string): Promise<Answer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const sent = { accept: 'application/json', ...(await headers()) }
    const answer = await fetch(origin + address, { headers: sent, redirect: 'manual', signal })
    const text = await answer.text()
    const body = parsed(text)
    const code = body === undefined || answer.status < 400 ? undefined : codeOf(body)
    const carried = answer.headers.get('x-gateway-carried')
    const lost = answer.headers.get('x-gateway-lost')
    return {
      status: answer.status,
      type: body !== undefined ? 'JSON' : /^\s*</.test(text) ? 'HTML' : 'other',
      ...(code === undefined ? {} : { code }),
      ...(carried === null ? {} : { carried }),
      ...(lost === null ? {} : { lost }),
      notices: NOTICES.filter((name) => answer.headers.has(name)),
      body,
    }
  } catch {
    return { status: 0, type: 'other', notices: [] }
  }
}

export function differencesOf(example: unknown, { status, body }: Answer): string[] {
  if (example === undefined || status < 200 || status > 299 || body === undefined) return []
  return differences(shapeOf(example), shapeOf(body))
}

/** The documented answers of GETs, by path. */
export function readCatalogue(provider: 'heygen' | 'kling'): Map<string, unknown> {
  const file = path.join(PROJECT, 'simulator', provider, 'catalogue.json')
  const rows = JSON.parse(readFileSync(file, 'utf8')) as {
    method: string
    path: string
    responseExample: unknown
  }[]
  return new Map(
    rows.filter(({ method }) => method === 'GET').map((row) => [row.path, row.responseExample])
  )
}

async function findIds({ direct, ids, onStep }: Comparing): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const [name, list] of Object.entries(ids)) {
    onStep(`an id: ${name}`)
    const { body } = await look(direct, list.path)
    const [first] = (body as { data?: Record<string, unknown>[] } | undefined)?.data ?? []
    const id = first?.[list.at]
    if (typeof id === 'string' && id !== '') found.set(name, id)
  }
  return found
}

function addressOf({ path: template, query }: LiveRead, id: string): string {
  const safe = encodeURIComponent(id)
  const filled = template.replaceAll(/\{\w+\}/g, safe)
  return query === undefined ? filled : `${filled}?${query.replaceAll('{id}', safe)}`
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** v1 has a number, the others a word inside `error`. A text that may be anything is not shown. */
function codeOf(body: unknown): string {
  const { code, error } = body as { code?: unknown; error?: unknown }
  const given = code ?? (error as { code?: unknown } | null | undefined)?.code
  if (typeof given === 'number') return String(given)
  if (typeof given !== 'string') return 'no code'
  return /^\d{1,7}$/.test(given) ? given : shownName(given)
}
