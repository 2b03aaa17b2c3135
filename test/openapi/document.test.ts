/** The OpenAPI document that `npm run openapi` makes. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PROVIDERS } from '../../src/providers/index.ts'

interface Operation {
  operationId?: string
  summary?: string
  tags?: string[]
  responses?: Record<string, unknown>
}

interface Document {
  info: { version: string }
  servers: unknown[]
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
  webhooks?: Record<string, Record<string, Operation>>
  components: Record<string, Record<string, unknown>>
}

const read = (name: string) => JSON.parse(readFileSync(`docs/${name}`, 'utf8')) as Document
const document = read('openapi.json')
const dropIn = read('openapi-drop-in.json')
const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete', 'options'])
const operationsOf = ({ paths, webhooks }: Document) =>
  Object.entries({ ...paths, ...webhooks }).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]) => ({ key: `${method.toUpperCase()} ${path}`, ...operation }))
  )
const rows = PROVIDERS.flatMap(({ name, routes }) =>
  routes.table
    .filter(({ notOffered }) => notOffered === undefined)
    .map(({ method, path }) => `${method} /${name}${path}`)
)

test.each([
  ['openapi.json', document],
  ['openapi-drop-in.json', dropIn],
])(
  'every operation of %s is named once, and has a purpose and a tag that is explained',
  (_, one) => {
    const operations = operationsOf(one)
    const names = operations.map(({ operationId }) => operationId)
    expect(new Set(names).size).toBe(names.length)
    const tags = new Set(one.tags.map(({ name }) => name))
    const poor = operations.filter(
      ({ operationId = '', summary = '', tags: given = [] }) =>
        operationId === '' || summary === '' || !given.some((tag) => tags.has(tag))
    )
    expect(poor).toEqual([])
  }
)

test('every row of the providers’ tables is listed, and no other path of theirs', () => {
  const form = (key: string) => key.replaceAll(/\{\w+\}/g, '{}')
  const listed = operationsOf(dropIn).map(({ key }) => form(key))
  expect(listed.toSorted()).toEqual(rows.map(form).toSorted())
  const inFull = operationsOf(document).map(({ key }) => form(key))
  const theirs = inFull.filter((key) => PROVIDERS.some(({ name }) => key.includes(` /${name}/`)))
  expect(theirs.filter((key) => !listed.includes(key))).toEqual([])
  expect(theirs).toContain('POST /heygen/v3/videos')
})

test.each(['openapi.json', 'openapi-drop-in.json'])(
  'what %s refers to is there, it has the version of the package, and at most 200 kB',
  (name) => {
    const text = readFileSync(`docs/${name}`, 'utf8')
    const { components, servers, info } = read(name)
    for (const [, kind = '', part = ''] of text.matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
      expect(components[kind], `${kind}/${part}`).toHaveProperty([part])
    }
    expect(servers).not.toEqual([])
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(info.version).toBe(version)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(200_000)
  }
)

test('what clients read most has names', () => {
  for (const name of ['Error', 'Account', 'Job', 'Delivery', 'Token', 'Task', 'Alert'])
    expect(document.components['schemas']).toHaveProperty(name)
})
