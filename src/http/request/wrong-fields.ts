/** Writes one sentence that names every wrong field of a body or a query. */
import * as z from 'zod/mini'

/** `fields`: the input. `more`: missing fields that the schema cannot find, such as one of several. */
export function sayWrong(
  error: z.core.$ZodError | undefined,
  schema: z.ZodMiniObject,
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

function sentence(issue: z.core.$ZodIssue, schema: z.ZodMiniObject, fields: unknown): string {
  const field = issue.path.join('.')
  const [first] = issue.path
  const value = (fields as Record<string, unknown>)[String(first)]
  if (issue.path.length === 1 && value === '' && issue.code === 'too_small')
    return `${field} is empty`
  const rule = issue.path.length === 1 ? ruleOf(schema.shape[String(first)]) : undefined
  return `${field}: ${rule ?? plainly(issue)}`
}

/** zod's issue in plain words. A message of the schema is better; zod has none of its own here but `Invalid input`. */
function plainly(issue: z.core.$ZodIssue): string {
  if (issue.message !== 'Invalid input') return issue.message
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`
    case 'too_small':
      return `must have at least ${issue.minimum} ${unitOf(issue)}`
    case 'too_big':
      return `must have at most ${issue.maximum} ${unitOf(issue)}`
    case 'invalid_format':
      return FORMS[issue.format] ?? 'has another form'
    default:
      return 'is wrong'
  }
}

const TYPES: Record<string, string> = {
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  number: 'a number',
}
const FORMS: Record<string, string> = {
  datetime: 'must be a time such as 2026-11-28T12:00:00Z',
  date: 'must be a day such as 2026-11-28',
}

function unitOf({ origin }: { origin: string }): string {
  return origin === 'string' ? 'characters' : 'members'
}

/** What a field holds when it is there. */
export function withoutAbsence(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let inner = schema
  while (
    inner instanceof z.ZodMiniOptional ||
    inner instanceof z.ZodMiniDefault ||
    inner instanceof z.ZodMiniNullable
  )
    inner = inner._zod.def.innerType
  return inner
}

/** What zod keeps of a number's form and of its bounds. */
type NumberRule = { check?: string; value?: number; format?: string }

/** One sentence for a number, whatever is wrong with it. */
function ruleOf(schema: z.core.$ZodType | undefined): string | undefined {
  const inner = withoutAbsence(schema)
  if (!(inner instanceof z.ZodMiniNumber)) return undefined
  const rules = [inner, ...(inner.def.checks ?? [])].map(({ _zod }) => _zod.def as NumberRule)
  const boundOf = (kind: string) => rules.find(({ check }) => check === kind)?.value
  const what = rules.some(({ format }) => format === 'safeint') ? 'an integer' : 'a number'
  const least = boundOf('greater_than')
  const most = boundOf('less_than')
  if (least !== undefined && most !== undefined) return `must be ${what} from ${least} to ${most}`
  if (least !== undefined) return `must be ${what} from ${least} on`
  return most === undefined ? `must be ${what}` : `must be ${what} up to ${most}`
}
