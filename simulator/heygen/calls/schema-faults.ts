/** What is wrong with a body by its schema. */
import { type Schema, shapeOf } from '../catalogue/schemas.ts'

export type SchemaFault = {
  /** Names and indexes joined by dots [guess]. Empty: the body itself. */
  param: string
  message: string
  /** A member that the schema does not list. */
  isUnknown: boolean
}

export function findSchemaFaults(schema: Schema, value: unknown, param = ''): SchemaFault[] {
  if (value === null && schema.nullable) return []
  if (schema.$ref !== undefined) return findSchemaFaults(shapeOf(schema.$ref), value, param)
  if (schema.oneOf) return faultsOfUnion(schema.oneOf, schema.discriminator ?? 'type', value, param)
  const wrong = wrongValue(schema, value)
  if (wrong) return [fault(param, `${param} is invalid: ${wrong}`)]
  if (Array.isArray(value)) {
    const { items } = schema
    return items ? value.flatMap((each, i) => findSchemaFaults(items, each, join(param, i))) : []
  }
  return isObject(value) ? faultsOfMembers(schema, value, param) : []
}

function faultsOfUnion(
  variants: Schema[],
  by: string,
  value: unknown,
  param: string
): SchemaFault[] {
  if (!isObject(value)) return [fault(param, `${param} is invalid: Input should be an object`)]
  const chosen = variants
    .map((each) => (each.$ref === undefined ? each : shapeOf(each.$ref)))
    .find((each) => each.properties?.[by]?.const === value[by])
  if (chosen) return faultsOfMembers(chosen, value, param)
  const place = join(param, by)
  return [fault(place, `${place} is invalid: Input tag does not match any of the expected tags`)]
}

function faultsOfMembers(
  { properties = {}, required = [], additionalProperties }: Schema,
  value: Record<string, unknown>,
  param: string
): SchemaFault[] {
  const missing = required
    .filter((name) => value[name] === undefined)
    .map((name) => join(param, name))
    .map((place) => fault(place, `${place} is invalid: Field required`))
  const inner = Object.entries(value).flatMap(([name, each]) => {
    const place = join(param, name)
    const schema = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    if (schema) return findSchemaFaults(schema, each, place)
    const message = `${place}: Extra inputs are not permitted`
    return [{ param: place, message, isUnknown: true }]
  })
  return [...missing, ...inner]
}

function wrongValue(schema: Schema, value: unknown): string | undefined {
  if (schema.const !== undefined && value !== schema.const) return `Input should be ${schema.const}`
  if (schema.enum && !schema.enum.includes(value)) return 'Input is none of the permitted values'
  const types = schema.type === undefined ? [] : [schema.type].flat()
  if (types.length > 0 && !types.some((type) => isOfType(value, type)))
    return `Input should be a valid ${types[0]}`
  if (typeof value === 'string') return wrongText(schema, value)
  if (typeof value === 'number') return wrongRange(schema.minimum, schema.maximum, value, 'value')
  if (Array.isArray(value))
    return wrongRange(schema.minItems, schema.maxItems, value.length, 'number of items')
  return undefined
}

function wrongText(schema: Schema, text: string): string | undefined {
  if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(text))
    return 'String should match the pattern'
  return wrongRange(schema.minLength, schema.maxLength, text.length, 'length')
}

function wrongRange(
  from: number | undefined,
  to: number | undefined,
  value: number,
  what: string
): string | undefined {
  if (from !== undefined && value < from) return `The ${what} should be at least ${from}`
  if (to !== undefined && value > to) return `The ${what} should be at most ${to}`
  return undefined
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return isObject(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function fault(param: string, message: string): SchemaFault {
  return { param, message, isUnknown: false }
}

function join(param: string, name: string | number): string {
  return param === '' ? String(name) : `${param}.${name}`
}
