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

const text = readFileSync('docs/openapi.json', 'utf8')
const document = JSON.parse(text) as {
  info: { version: string }
  servers: unknown[]
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
  webhooks: Record<string, Record<string, Operation>>
  components: Record<string, Record<string, unknown>>
}
const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete', 'options'])
const operations = Object.entries({ ...document.paths, ...document.webhooks }).flatMap(
  ([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]) => ({ key: `${method.toUpperCase()} ${path}`, ...operation }))
)
const rows = PROVIDERS.flatMap(({ name, routes }) =>
  routes.table
    .filter(({ notOffered }) => notOffered === undefined)
    .map(({ method, path }) => `${method} /${name}${path}`)
)

test('every operation of ours is named once, and every operation has a purpose and a tag that is explained', () => {
  const own = operations.filter(
    ({ key }) => !PROVIDERS.some(({ name }) => key.includes(` /${name}/`))
  )
  const names = operations.flatMap(({ operationId }) => operationId ?? [])
  expect(new Set(names).size).toBe(names.length)
  expect(own.filter(({ operationId }) => operationId === undefined)).toEqual([])
  const tags = new Set(document.tags.map(({ name }) => name))
  const poor = operations.filter(
    ({ summary = '', tags: given = [] }) => summary === '' || !given.some((tag) => tags.has(tag))
  )
  expect(poor).toEqual([])
})

test('the document lists every row of the providers’ tables, and no other path of theirs', () => {
  const listed = operations
    .map(({ key }) => key)
    .filter((key) => PROVIDERS.some(({ name }) => key.includes(` /${name}/`)))
  const form = (key: string) => key.replaceAll(/\{\w+\}/g, '{}')
  expect(listed.map(form).toSorted()).toEqual(rows.map(form).toSorted())
})

test('what the document refers to is there, it has the version of the package, and at most 250 kB', () => {
  for (const [, kind = '', name = ''] of text.matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
    expect(document.components[kind], `${kind}/${name}`).toHaveProperty([name])
  }
  for (const name of ['Error', 'Account', 'Job', 'Delivery', 'Token', 'Task'])
    expect(document.components['schemas']).toHaveProperty(name)
  expect(document.servers).not.toEqual([])
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  expect(document.info.version).toBe(version)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(250_000)
})
