/** Tools as agents see them, and the check of their arguments. Schemas are JSON Schema 2020-12, of which few words are used. */
import { isObject } from './message.ts'

/** One argument. */
export interface Field {
  type: 'string' | 'integer' | 'boolean'
  description: string
  enum?: readonly string[]
  minLength?: number
  maxLength?: number
  /** A regular expression for the whole text. */
  pattern?: string
  minimum?: number
  maximum?: number
  default?: string | number | boolean
}

export interface ToolForm {
  /** snake_case. */
  name: string
  title: string
  /** For the agent: what it does, when to use it, what it costs. */
  description: string
  input: Readonly<Record<string, Field>>
  required?: readonly string[]
  /** The schema of each member of the answer. All are always there, unless `optional` names them. */
  output: Readonly<Record<string, object>>
  optional?: readonly string[]
  hints: ToolHints
}

export interface ToolHints {
  /** Changes nothing. */
  readOnlyHint: boolean
  /** May remove or spend something. */
  destructiveHint: boolean
  /** A second call with the same arguments changes nothing more. */
  idempotentHint: boolean
}

export const READS: ToolHints = { readOnlyHint: true, destructiveHint: false, idempotentHint: true }

export type Arguments = Readonly<Record<string, string | number | boolean | undefined>>

/** What `tools/list` says of a tool. */
export function toListed({ input, output, hints, ...form }: ToolForm): object {
  const { required = [], optional = [], ...named } = form
  const always = Object.keys(output).filter((name) => !optional.includes(name))
  return {
    ...named,
    inputSchema: { type: 'object', properties: input, required, additionalProperties: false },
    outputSchema: { type: 'object', properties: output, required: always },
    annotations: { title: form.title, ...hints, openWorldHint: true },
  }
}

/** One sentence for each wrong argument. Empty: all are right. */
export function faultsOf({ input, required = [] }: ToolForm, given: unknown): string[] {
  if (!isObject(given)) return ['The arguments must be an object.']
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(input, name))
  const names = Object.keys(input).join(', ') || 'none'
  return [
    ...unknown.map(
      (name) => `${name.slice(0, 60)}: there is no such argument. There are: ${names}.`
    ),
    ...required.filter((name) => given[name] === undefined).map((name) => `${name} is required.`),
    ...Object.entries(input).flatMap(([name, field]) => faultOf(name, field, given[name])),
  ]
}

function faultOf(name: string, field: Field, value: unknown): string[] {
  if (value === undefined) return []
  const { type, minimum = -Infinity, maximum = Infinity } = field
  const isType = type === 'integer' ? Number.isSafeInteger(value) : typeof value === type
  if (!isType) return [`${name} must be ${type === 'integer' ? 'a whole number' : `a ${type}`}.`]
  if (typeof value === 'number' && (value < minimum || value > maximum))
    return [`${name} must be at least ${minimum} and at most ${maximum}.`]
  return typeof value === 'string' ? textFault(name, field, value) : []
}

function textFault(name: string, field: Field, value: string): string[] {
  const { minLength = 0, maxLength = Infinity, pattern } = field
  if (field.enum && !field.enum.includes(value))
    return [`${name} must be one of ${field.enum.join(', ')}.`]
  if (value.length < minLength) return [`${name} must not be empty.`]
  if (value.length > maxLength) return [`${name} may have at most ${maxLength} characters.`]
  if (pattern !== undefined && !new RegExp(pattern).test(value))
    return [`${name} must match ${pattern}`]
  return []
}
