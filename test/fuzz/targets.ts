/** What the requests begin as: each of our own routes and each row of the providers, with an example that could be served. */
import { readFileSync } from 'node:fs'
import { HTTP_ROWS, pathOf } from '../support/catalogue/catalogue.ts'
import { KLING_ROWS, klingBody } from '../support/catalogue/kling-catalogue.ts'

export interface Target {
  method: string
  /** With `{id}` where a thing is named on our own paths. */
  path: string
  isOwn: boolean
  json?: unknown
  /** The body as text where JSON.parse would change it. */
  text?: string
}

interface Operation {
  requestBody?: { content?: Record<string, { example?: unknown; schema?: unknown }> }
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete']

function ownTargets(): Target[] {
  const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as {
    paths: Record<string, Record<string, Operation>>
  }
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => METHODS.includes(method) && !/^\/(heygen|kling)\//.test(path))
      .map(([method, { requestBody }]) => {
        const example = Object.values(requestBody?.content ?? {})[0]?.example
        const target = { method: method.toUpperCase(), path, isOwn: true }
        return example === undefined ? target : { ...target, json: example }
      })
  )
}

function heygenTargets(): Target[] {
  return HTTP_ROWS.map((row) => ({
    method: row.method,
    path: `/heygen${pathOf(row)}`,
    isOwn: false,
    ...(row.requestContentType?.includes('json') ? { json: row.requestExample } : {}),
  }))
}

function klingTargets(): Target[] {
  return KLING_ROWS.map((row) => {
    const text = klingBody(row)
    return {
      method: row.method,
      path: `/kling${pathOf(row)}`,
      isOwn: false,
      ...(text === undefined ? {} : { json: row.requestExample, text }),
    }
  })
}

/** Messages of agents, and of tools that do not wait. */
function agentTargets(): Target[] {
  const named: [string, object][] = [
    ['get_job', { job_id: 'nothing' }],
    ['list_jobs', { limit: 3 }],
    ['stop_tracking', { job_id: 'nothing' }],
    ['free_slot', { job_id: 'nothing' }],
    ['list_accounts', {}],
    ['pool_health', {}],
    ['make_video', { script: 'Hello there.', avatar_id: 'a', voice_id: 'v' }],
    ['list_avatars', { limit: 3 }],
    ['list_voices', { limit: 3 }],
  ]
  const calls = named.map(([name, given]) => ['tools/call', { name, arguments: given }] as const)
  return [['tools/list', {}] as const, ...calls].map(([method, params]) => ({
    method: 'POST',
    path: '/mcp',
    // Its answers are the protocol's own, also its refusals.
    isOwn: false,
    json: { jsonrpc: '2.0', id: 1, method, params },
  }))
}

const heygen = heygenTargets()

export const TARGETS: Target[] = [
  ...ownTargets(),
  ...agentTargets(),
  ...heygen,
  // At the root, for clients that can change only the host.
  ...heygen.map((target) => ({ ...target, path: target.path.slice('/heygen'.length) })),
  ...klingTargets(),
]
