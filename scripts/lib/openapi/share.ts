/** Moves parts that stand in several places into components, so that each is said once: fields, parameters and answers. */
import { isObject, refTo, type Json, type JsonObject } from './json.ts'

interface Found {
  kind: 'schemas' | 'parameters' | 'responses'
  name: string
  count: number
  text: string
}

/** A reference has some 45 characters. */
const WORTH_IT = 30

/** Changes the document in place. */
export function shareRepeated(document: JsonObject): void {
  for (const methods of Object.values(document['paths'] as Record<string, JsonObject>)) {
    sharePathParameters(methods)
  }
  shareBases(componentsOf(document, 'schemas'))
  for (const kind of ['schemas', 'parameters', 'responses'] as const) {
    const found = new Map<string, Found>()
    visitParts(document, kind, (name, part) => {
      const text = JSON.stringify(part)
      const one = found.get(text) ?? { kind, name: nameOf(kind, name, part), count: 0, text }
      found.set(text, { ...one, count: one.count + 1 })
      return part
    })
    const shared = worthSharing([...found.values()], componentsOf(document, kind))
    visitParts(document, kind, (_, part) => {
      const one = shared.get(JSON.stringify(part))
      return one === undefined ? part : refTo(kind, one.name)
    })
    for (const { name, text } of shared.values()) {
      componentsOf(document, kind)[name] = JSON.parse(text) as Json
    }
  }
}

const BASE_FIELDS_MIN = 5

/** An object that has all fields of another one and more is that one and more. Only for answers, which are not closed. */
function shareBases(schemas: JsonObject): void {
  const fieldsOf = (schema: Json) =>
    isObject(schema) && schema['type'] === 'object' && schema['additionalProperties'] !== false
      ? ((schema['properties'] ?? {}) as JsonObject)
      : {}
  // As they are before any is changed.
  const bases = Object.entries(schemas)
    .map(([name, schema]) => ({ name, schema, known: fieldsOf(schema) }))
    .filter(({ known }) => Object.keys(known).length >= BASE_FIELDS_MIN)
  const extend = (value: Json): void => {
    if (Array.isArray(value)) value.forEach(extend)
    if (!isObject(value)) return
    Object.values(value).forEach(extend)
    const fields = fieldsOf(value)
    const base = bases.find((one) => one.schema !== value && contains(fields, one.known))
    if (!base) return
    const { name, known } = base
    const rest = Object.entries(fields).filter(([field]) => !(field in known))
    const required = ((value['required'] ?? []) as string[]).filter((field) => !(field in known))
    value['allOf'] = [
      refTo('schemas', name),
      {
        type: 'object',
        properties: Object.fromEntries(rest),
        ...(required.length ? { required } : {}),
      },
    ]
    for (const member of ['type', 'properties', 'required', 'additionalProperties'])
      delete value[member]
  }
  for (const schema of Object.values(schemas)) extend(schema)
}

function contains(fields: JsonObject, base: JsonObject): boolean {
  const names = Object.keys(base)
  return (
    Object.keys(fields).length > names.length &&
    names.every((name) => JSON.stringify(fields[name]) === JSON.stringify(base[name]))
  )
}

/** Parameters of the path itself stand beside its methods, if there are several. */
function sharePathParameters(methods: JsonObject): void {
  const operations = Object.values(methods) as JsonObject[]
  const [first] = operations
  if (!first || operations.length < 2) return
  const shared = ((first['parameters'] ?? []) as JsonObject[]).filter((one) =>
    operations.every(({ parameters }) =>
      JSON.stringify(parameters ?? []).includes(JSON.stringify(one))
    )
  )
  if (shared.length === 0) return
  for (const operation of operations) {
    const rest = (operation['parameters'] as JsonObject[]).filter(
      (one) => !shared.some((other) => JSON.stringify(other) === JSON.stringify(one))
    )
    if (rest.length > 0) operation['parameters'] = rest
    else delete operation['parameters']
  }
  methods['parameters'] = shared
}

function componentsOf(document: JsonObject, kind: string): JsonObject {
  return (document['components'] as Record<string, JsonObject>)[kind] ?? {}
}

/** By their text. Of two different parts with one name, only the one that saves more is shared. */
function worthSharing(all: Found[], there: JsonObject): Map<string, Found> {
  const saving = ({ count, text, kind, name }: Found) =>
    (count - 1) * text.length - count * JSON.stringify(refTo(kind, name)).length
  const byName = new Map<string, Found>()
  for (const one of all.toSorted((a, b) => saving(b) - saving(a))) {
    const isFree = !(one.name in there) && !byName.has(one.name)
    if (isFree && saving(one) > WORTH_IT) byName.set(one.name, one)
  }
  return new Map([...byName.values()].map((one) => [one.text, one]))
}

function nameOf(kind: Found['kind'], name: string, part: JsonObject): string {
  const plain = pascal(name.replaceAll(/_?\d+(?=_|$)/g, ''))
  if (kind === 'schemas') return `${plain}Field`
  if (kind === 'parameters') return `${String(part['name'])}Query`
  const [, schema = plain] = /#\/components\/schemas\/(\w+)/.exec(JSON.stringify(part)) ?? []
  return schema === plain ? 'Done' : `${schema}Answer`
}

function pascal(text: string): string {
  return text
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}

type Visit = (name: string, part: JsonObject) => JsonObject

function visitParts(document: JsonObject, kind: Found['kind'], visit: Visit): void {
  if (kind === 'schemas') return visitFields(componentsOf(document, 'schemas'), visit)
  for (const methods of Object.values(document['paths'] as Record<string, JsonObject>)) {
    for (const operation of Object.values(methods).filter(isObject)) {
      if (kind === 'parameters') {
        const all = (operation['parameters'] ?? []) as JsonObject[]
        const isInline = (one: JsonObject) => one['in'] === 'query'
        all.forEach((one, at) => {
          if (isInline(one)) all[at] = visit(String(one['name']), one)
        })
      } else {
        replaceIn(operation['responses'] as JsonObject, visit)
      }
    }
  }
}

function visitFields(value: Json, visit: Visit): void {
  if (Array.isArray(value)) for (const one of value) visitFields(one, visit)
  if (!isObject(value)) return
  for (const one of Object.values(value)) visitFields(one, visit)
  if (value['type'] === 'object' && isObject(value['properties'])) {
    replaceIn(value['properties'], visit)
  }
}

function replaceIn(members: JsonObject, visit: Visit): void {
  for (const [name, part] of Object.entries(members)) {
    if (isObject(part) && part['$ref'] === undefined) members[name] = visit(name, part)
  }
}
