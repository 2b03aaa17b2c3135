/**
 * Request bodies of v3, from schemas.json: JSON Schema with three additions. `$ref` names one of `shapes`, `nullable`
 * allows null beside it, and a `oneOf` with `discriminator` takes the schema whose `const` that member has. What a schema
 * does not list is refused, also where HeyGen would ignore it.
 */
import data from '../schemas.json'

export type Schema = {
  $ref?: string
  nullable?: boolean
  discriminator?: string
  oneOf?: Schema[]
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: false | Schema
  items?: Schema
  minItems?: number
  maxItems?: number
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  pattern?: string
}

const { rows, shapes } = data as unknown as {
  rows: Record<string, { source: string[]; body: Schema }>
  shapes: Record<string, Schema>
}

/** undefined: no schema of this row is known. */
export function schemaOf(name: string): Schema | undefined {
  return rows[name]?.body
}

export function shapeOf(name: string): Schema {
  const shape = shapes[name]
  if (!shape) throw new Error(`No shape ${name}`)
  return shape
}
