/** Writes one sentence that names every wrong field of a body or a query. */
import * as z from 'zod'

/** `fields`: the input. `more`: missing fields that the schema cannot find, such as one of several. */
export function sayWrong(
  error: z.ZodError | undefined,
  schema: z.ZodObject,
  fields: unknown,
  more: readonly string[] = []
): string {
  const issues = error?.issues ?? []
  const whole = issues.find(
    (issue) => issue.path.length === 0 && issue.code !== 'unrecognized_keys'
  )
  if (whole) return 'The body must be a JSON object or a form'
  const missing = issues
    .filter((issue) => isMissing(issue, fields))
    .map((issue) => String(issue.path[0]))
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => [...issue.path, key].join('.'))
      : []
  )
  const wrong = issues.filter(
    (issue) => issue.code !== 'unrecognized_keys' && !isMissing(issue, fields)
  )
  const needed = [...missing, ...more]
  // The last issue of a field is the most precise.
  const ofFields = new Map(wrong.map((issue) => [issue.path.join('.'), issue]))
  const texts = [
    ...[...ofFields.values()].map((issue) => sentence(issue, schema, fields)),
    ...(needed.length === 0
      ? []
      : [`${inWords(needed)} ${needed.length > 1 ? 'are' : 'is'} required`]),
    ...(unknown.length === 0 ? [] : [`Unknown field ${unknown.join(', ')}`]),
  ]
  return texts.length === 0 ? 'The body could not be read.' : texts.join('. ')
}

function isMissing({ path, code }: z.core.$ZodIssue, fields: unknown): boolean {
  if (code === 'unrecognized_keys' || path.length !== 1) return false
  return typeof fields === 'object' && fields !== null && !(String(path[0]) in fields)
}

function inWords(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

function sentence(issue: z.core.$ZodIssue, schema: z.ZodObject, fields: unknown): string {
  const field = issue.path.join('.')
  const [first] = issue.path
  const value = (fields as Record<string, unknown>)[String(first)]
  if (issue.path.length === 1 && value === '' && issue.code === 'too_small')
    return `${field} is empty`
  const rule = issue.path.length === 1 ? ruleOf(schema.shape[String(first)]) : undefined
  return `${field}: ${rule ?? plainly(issue)}`
}

/** zod's issue in plain words. */
function plainly(issue: z.core.$ZodIssue): string {
  // A message of the schema is better than a general one.
  if (!issue.message.startsWith('Invalid')) return issue.message
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`
  if (issue.code === 'invalid_type') return `must be ${TYPES[issue.expected] ?? issue.expected}`
  if (issue.code === 'invalid_format' && issue.format === 'datetime') return TIME
  return issue.message
}

const TYPES: Record<string, string> = {
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  number: 'a number',
}
const TIME = 'must be a time such as 2026-11-28T12:00:00Z'

/** One sentence for a number, whatever is wrong with it. */
function ruleOf(schema: z.core.$ZodType | undefined): string | undefined {
  let inner: z.core.$ZodType | undefined = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) inner = inner.unwrap()
  if (!(inner instanceof z.ZodNumber)) return undefined
  const { minValue, maxValue } = inner
  const what = inner.format === 'safeint' ? 'an integer' : 'a number'
  const least = minValue !== null && minValue > Number.MIN_SAFE_INTEGER ? minValue : undefined
  const most = maxValue !== null && maxValue < Number.MAX_SAFE_INTEGER ? maxValue : undefined
  if (least !== undefined && most !== undefined) return `must be ${what} from ${least} to ${most}`
  if (least !== undefined) return `must be ${what} from ${least} on`
  return most === undefined ? `must be ${what}` : `must be ${what} up to ${most}`
}
