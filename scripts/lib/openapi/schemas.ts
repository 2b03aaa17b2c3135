/** Turns the routes' zod schemas into named JSON Schemas, with zod's own `toJSONSchema`. Adds the descriptions of `words/`. */
import * as z from 'zod'
import { isObject, refTo, type Json, type JsonObject } from './json.ts'
import { describe, isPlain } from './words/fields.ts'
import { PATCHES } from './words/names.ts'

export type Direction = 'input' | 'output'

export class Schemas {
  readonly components: JsonObject = {}
  /** Fields without a description: `Schema.field`. */
  readonly undescribed: string[] = []
  readonly #names = new Map<z.core.$ZodType, string>()

  /** A reference to the schema under `name`, or the schema itself if it has no members. */
  of(schema: z.core.$ZodType, io: Direction, name: string): JsonObject {
    const known = this.#names.get(schema)
    if (known !== undefined) return refTo('schemas', known)
    const made = this.inline(schema, io, name)
    if (typeof made['$ref'] === 'string' || !isWorthAName(made)) return made
    const twin = Object.keys(this.components).find(
      (one) => JSON.stringify(this.components[one]) === JSON.stringify(made)
    )
    if (twin === undefined && name in this.components) throw new Error(`two schemas named ${name}`)
    this.#names.set(schema, twin ?? name)
    this.components[twin ?? name] = made
    return refTo('schemas', twin ?? name)
  }

  /** The schema itself. Only its named parts go to the components. */
  inline(schema: z.core.$ZodType, io: Direction, name: string): JsonObject {
    const { $schema: _, $defs, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
    for (const [id, one] of Object.entries(($defs ?? {}) as JsonObject)) {
      this.components[id] ??= this.#finish(one, io, id)
    }
    return this.#finish(own as JsonObject, io, name)
  }

  #finish(schema: Json, io: Direction, name: string): JsonObject {
    const plain = simplify(schema, io) as JsonObject
    this.#describeFields(plain, name)
    return { ...plain, ...PATCHES[name] }
  }

  #describeFields(schema: Json, name: string, parent = ''): void {
    if (Array.isArray(schema)) for (const one of schema) this.#describeFields(one, name, parent)
    if (!isObject(schema)) return
    const { properties, ...rest } = schema
    for (const [field, one] of Object.entries(membersOf(schema))) {
      if (!isObject(one)) continue
      const text = describe(name, field, parent)
      if (text && one['description'] === undefined) one['description'] = text
      if (!isPlain(field) && one['description'] === undefined && one['$ref'] === undefined) {
        this.undescribed.push(`${name}.${field}`)
      }
    }
    for (const [field, one] of Object.entries((properties ?? {}) as JsonObject))
      this.#describeFields(one, name, field)
    for (const one of Object.values(rest)) this.#describeFields(one, name, parent)
  }
}

function membersOf(schema: JsonObject): JsonObject {
  return isObject(schema['properties']) && schema['type'] === 'object' ? schema['properties'] : {}
}

function isWorthAName(schema: JsonObject): boolean {
  return Object.keys(membersOf(schema)).length > 0 || schema['anyOf'] !== undefined
}

const SAFE = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]

/** Leaves out what only makes the text longer. An answer may get new members, so its objects are never closed. */
function simplify(value: Json, io: Direction): Json {
  if (Array.isArray(value)) return value.map((one) => simplify(one, io))
  if (!isObject(value)) return value
  const isTime = value['format'] === 'date-time'
  const entries = Object.entries(value).flatMap(([name, one]): [string, Json][] => {
    if (name === '$ref' && typeof one === 'string')
      return [[name, one.replace('#/$defs/', '#/components/schemas/')]]
    if ((name === 'minimum' || name === 'maximum') && SAFE.includes(one as number)) return []
    if (name === 'propertyNames' || (name === 'pattern' && (isTime || String(one).length > 60)))
      return []
    if (name === 'properties' && isObject(one) && Object.keys(one).length === 0) return []
    if (name === 'additionalProperties' && one === false && io === 'output') return []
    if (name === 'additionalProperties' && isObject(one) && Object.keys(one).length === 0)
      return [[name, true]]
    return [[name, simplify(one, io)]]
  })
  return Object.fromEntries(entries)
}
