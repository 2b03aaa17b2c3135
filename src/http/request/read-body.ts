/** Reads and checks bodies and queries of our own paths. A body is JSON or a form; numbers and flags may be text in both. */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { AppError } from '#domain/runtime/errors.ts'
import { parseJson, readUtf8 } from '#domain/text/json-text.ts'
import { drain, readBytes } from '#flows/upstream/read-answer.ts'
import type { AppEnv } from './app-env.ts'
import { sayWrong, withoutAbsence } from './wrong-fields.ts'

const DRAINED_BYTES_MAX = 1024 * 1024
const BODY_BYTES_MAX = 64 * 1024
/** A number in a form: not `0x2`, not an empty text. */
const DECIMAL = /^-?\d+(\.\d+)?$/

interface Reading {
  /** An empty text counts as a missing field, in JSON, too. */
  ignoresBlanks?: boolean
  /** No body is one without fields. */
  mayBeEmpty?: boolean
  /** Names what is missing beyond the schema, for example `one of a, b`. */
  lacking?: Lacking
}

type Lacking = (fields: Record<string, unknown>) => string[]

export async function readBody<T extends z.ZodMiniObject>(
  c: Context<AppEnv>,
  schema: T,
  { ignoresBlanks = false, mayBeEmpty = false, lacking }: Reading = {}
): Promise<z.infer<T>> {
  const type = c.req.header('content-type') ?? ''
  const isForm = /multipart\/form-data|x-www-form-urlencoded/i.test(type)
  const fields = isForm ? await readForm(c, schema) : typed(await readJson(c, mayBeEmpty), schema)
  if (!ignoresBlanks || !isObject(fields)) return check(schema, fields, lacking)
  const filled = withoutBlanks(fields)
  const blank = Object.keys(fields).filter((name) => !(name in filled))
  return check(schema, filled, (all) => withBlank(lacking?.(all) ?? [], blank))
}

export function readQuery<T extends z.ZodMiniObject>(c: Context<AppEnv>, schema: T): z.infer<T> {
  return check(schema, typed(c.req.query(), schema))
}

function check<T extends z.ZodMiniObject>(
  schema: T,
  fields: unknown,
  lacking: Lacking = () => []
): z.infer<T> {
  const read = schema.safeParse(fields)
  const more = isObject(fields) ? lacking(fields) : []
  if (read.success && more.length === 0) return read.data
  throw new AppError('bad_request', sayWrong(read.error, schema, fields, more))
}

/** Adds the fields that came empty: in a form builder that often means an unset variable. */
function withBlank(lacking: string[], blank: string[]): string[] {
  if (lacking.length === 0 || blank.length === 0) return lacking
  return [...lacking.slice(0, -1), `${lacking.at(-1)} (empty: ${blank.join(', ')})`]
}

function isObject(fields: unknown): fields is Record<string, unknown> {
  return typeof fields === 'object' && fields !== null && !Array.isArray(fields)
}

async function readJson(c: Context<AppEnv>, mayBeEmpty: boolean): Promise<unknown> {
  const text = await readText(c)
  const json = text === '' && mayBeEmpty ? {} : parseJson(text)
  if (json !== undefined) return json
  throw new AppError('bad_request', 'The body must be JSON or a form.')
}

async function readText(c: Context<AppEnv>): Promise<string> {
  const text = readUtf8(await readBytesOf(c))
  if (text === undefined) throw new AppError('bad_request', 'The body is not UTF-8.')
  return text
}

/** Counts the bytes while it reads, because a body may come without a length. */
async function readBytesOf(c: Context<AppEnv>): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(c.req.header('content-length') ?? 0) > BODY_BYTES_MAX) {
    await drain(c.req.raw.body, DRAINED_BYTES_MAX)
    throw tooLarge()
  }
  const bytes = await readBytes(c.req.raw.body, BODY_BYTES_MAX).catch(() => {
    throw new AppError('bad_request', 'The body ended before it was complete.')
  })
  if (!bytes) throw tooLarge()
  return bytes
}

function tooLarge(): AppError {
  return new AppError('too_large', 'The body may have up to 64 KiB.')
}

async function readForm(c: Context<AppEnv>, schema: z.ZodMiniObject): Promise<unknown> {
  const bytes = await readBytesOf(c)
  const text = readUtf8(bytes)
  if (text === undefined) throw new AppError('bad_request', 'The body is not UTF-8.')
  // curl calls JSON a form unless it is told otherwise. As a form it is one empty field, which would be left out.
  const json = text.trimStart().startsWith('{') ? parseJson(text) : undefined
  if (isObject(json)) return typed(json, schema)
  // Only the type is made lower case: the boundary is case-sensitive.
  const type = (c.req.header('content-type') ?? '').replace(/^[^;]*/, (name) => name.toLowerCase())
  try {
    const form = await new Response(bytes, { headers: { 'content-type': type } }).formData()
    return typed(withoutBlanks(Object.fromEntries(form)), schema)
  } catch {
    throw new AppError('bad_request', 'The form could not be read.')
  }
}

/** Removes empty fields: form builders send every field, also those that were not filled in. */
function withoutBlanks(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))
}

/** Turns text into a number or a flag where the schema has one. */
function typed(fields: unknown, schema: z.ZodMiniObject): unknown {
  if (!isObject(fields)) return fields
  const entries = Object.entries(fields).map(([name, value]) => {
    const kind = kindOf(schema.shape[name])
    if (typeof value !== 'string') return [name, value]
    if (kind === 'number' && DECIMAL.test(value)) return [name, Number(value)]
    if (kind === 'boolean' && /^(true|false)$/.test(value)) return [name, value === 'true']
    return [name, value]
  })
  return Object.fromEntries(entries) as Record<string, unknown>
}

function kindOf(schema: z.core.$ZodType | undefined): string {
  const inner = withoutAbsence(schema)
  if (inner instanceof z.ZodMiniLiteral) return typeof inner._zod.def.values[0]
  if (inner instanceof z.ZodMiniNumber) return 'number'
  return inner instanceof z.ZodMiniBoolean ? 'boolean' : 'string'
}
