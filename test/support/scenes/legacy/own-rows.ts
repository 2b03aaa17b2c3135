/** Rows of an account's own in the lists of three accounts, and how a client reads a list through all pages. */
import { expect } from 'vitest'
import catalogue from '../../../../simulator/heygen/catalogue.json' with { type: 'json' }
import { textsAt, valuesAt } from '#domain/text/json-pointer.ts'
import { heygen } from '#providers/heygen/index.ts'
import type { Gateway } from '../../gateway.ts'

export interface ListRow {
  method: string
  path: string
  listedIdOut: string[]
  mixesSharedRows: boolean
  queryParams: string[]
}

export const NAMES = ['a', 'b', 'c']

/** Webhook events are to be the gateway's own. */
export const LISTS = (catalogue as unknown as ListRow[]).filter(
  (row) =>
    row.path !== '/v3/webhooks/events' && shapeOf(row) !== undefined && row.listedIdOut.length > 0
)

function shapeOf({ method, path }: ListRow) {
  const match = method === 'GET' ? heygen.routes.match('GET', path) : undefined
  return match && heygen.lists.shapeOf(match.route)
}

/** How its pages are asked for, and where they say that there are more. */
export function pagesOf(row: ListRow): string {
  const { limit, token, next, more, page, counted } = shapeOf(row) ?? {}
  return JSON.stringify([row.mixesSharedRows, limit, token, next, more, page, counted])
}

/** What stands in the simulator for the rows of a list, by path. */
const RESOURCE: Record<string, string> = {
  templates: 'template',
  proofreads: 'proofread',
  'video.list': 'video',
  videos: 'video',
  'avatar_group.list': 'avatar-group',
  avatars: 'avatar',
  voices: 'voice',
  looks: 'avatar',
  folders: 'folder',
  assets: 'asset',
  search: 'asset',
  'brand-glossaries': 'brand-glossary',
  'brand-kits': 'brand-kit',
  lipsyncs: 'lipsync',
  'video-translations': 'translation',
  'video-agents': 'agent-session',
  'ai-clipping': 'ai-clipping',
  'background-removals': 'background-removal',
  renders: 'render',
  podcasts: 'podcast',
  workflows: 'workflow',
  'workflow-runs': 'workflow-run',
}

function resourceOf(path: string): string {
  if (path === '/v3/avatars') return 'avatar-group'
  if (path === '/v1/asset/list') return 'asset'
  if (path === '/v1/brand_voice/list') return 'brand-glossary'
  if (path === '/v1/streaming/knowledge_base/list') return 'knowledge-base'
  return RESOURCE[path.split('/').at(-1) ?? ''] ?? ''
}

const FORMS: Record<string, string> = {
  '/v1/talking_photo.list': 'photo',
  '/v1/streaming/avatar.list': 'streaming',
  '/v2/avatars': 'look',
  '/v3/avatars/looks': 'look',
  '/v3/models/audio/voices': 'model',
}

/** Makes three rows or more on each account. Returns their ids; none if it is not known what the list is made of. */
export async function ownRows({ sim }: Gateway, path: string): Promise<string[]> {
  const resource =
    path === '/v1/talking_photo.list' || path === '/v1/streaming/avatar.list'
      ? 'avatar'
      : resourceOf(path)
  if (resource === '') return []
  const ids: string[] = []
  for (const [index, name] of NAMES.entries()) {
    for (let row = 0; row < 3 + index; row += 1) {
      const id = `${path.replaceAll(/\W/g, '')}-${name}-${row}`
      const form = FORMS[path] ?? ''
      const account = `${name}@example.com`
      await sim.control('POST', '/resources', { account, resource, id, form })
      ids.push(id)
    }
  }
  return ids
}

/** The sizes of pages that a client may ask for. 0: it asks for none. */
export function sizesOf(row: ListRow): number[] {
  const limit = shapeOf(row)?.limit
  const isPaged = limit !== undefined && row.queryParams.some((name) => name.startsWith(limit))
  return isPaged ? [0, 1, 2, 7, 100] : [0]
}

/** The ids of all pages. */
export async function readThrough(
  gateway: Gateway,
  row: ListRow,
  size: number,
  more: Record<string, string> = {}
): Promise<string[]> {
  const shape = shapeOf(row)
  const seen: string[] = []
  let token: string | undefined
  for (let page = 0; page < 300; page += 1) {
    const query = new URLSearchParams(more)
    if (size > 0) query.set(shape?.limit ?? 'limit', String(size))
    if (token !== undefined) query.set('token', token)
    else if (shape?.page !== undefined) query.set(shape.page, String(page + 1))
    const answer = await gateway.fetch(`/heygen${row.path}?${query}`)
    const text = await answer.text()
    expect(answer.status, text).toBe(200)
    expect(answer.headers.get('x-gateway-partial')).toBeNull()
    const json: unknown = JSON.parse(text)
    const ids = row.listedIdOut.flatMap((pointer) => textsAt(json, pointer))
    if (size > 0) expect(ids.length).toBeLessThanOrEqual(size)
    seen.push(...ids)
    const [next] = shape?.next === undefined ? [] : textsAt(json, shape.next)
    if (shape?.more !== undefined) expect(valuesAt(json, shape.more)[0]).toBe(next !== undefined)
    if (shape?.page !== undefined ? ids.length === 0 : next === undefined) break
    token = shape?.page === undefined ? next : undefined
  }
  expect(seen.length, `size ${size}: each once`).toBe(new Set(seen).size)
  return seen
}
