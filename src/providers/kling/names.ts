/**
 * External task ids. Kling wants them unique in an account, so each goes up behind a mark of its tenant; a creation
 * without one gets one of ours, by which it can be found when its answer is lost. Answers lose the mark, and ours
 * altogether. The mark is no secret.
 */
import { putMember, sliceAt } from '#domain/text/json-slices.ts'
import type { NamedCall, NamedForm, ProviderNames } from '#providers/contract/provider.ts'

/** Creations that are not known to take an external id: nothing is added to them (reference/kling-endpoints.json). */
const NAMELESS = new Set([
  '/v1/videos/lip-sync',
  '/v1/videos/video-extend',
  '/v1/images/multi-image2image',
])
const TASK_ID = /^\d{15,20}$/

export const EXTERNAL = 'external-task'

export const klingNames: ProviderNames = {
  resource: EXTERNAL,

  up(call, body) {
    const { match, path, search } = call
    if (match?.route.kind === 'creates-job') {
      return [{ path, search, body: body === undefined ? undefined : namedBody(call, body) }]
    }
    const id = match?.params['id']
    if (id !== undefined) return formsOf(call, id, body)
    return [{ path, search: namedQuery(call), body }]
  },

  down(text, tenant) {
    if (!text.includes(markOf(tenant))) return text
    return withoutOurs(text, tenant).replaceAll(theirs(tenant), '')
  },
}

/** The name a creation goes up under; undefined: it has none. */
export function nameOf(call: NamedCall, given: string | undefined): string | undefined {
  if (given) return theirs(call.tenant) + given
  const isNameless = NAMELESS.has(call.match?.route.path ?? '') || call.match?.added !== undefined
  return isNameless ? undefined : ours(call.tenant) + call.requestId
}

export function nameAt(call: NamedCall): string {
  return call.match?.route.path.startsWith('/v1/')
    ? '/external_task_id'
    : '/options/external_task_id'
}

function namedBody(call: NamedCall, body: string): string {
  const slice = sliceAt(body, nameAt(call))
  const given = slice && textOf(body.slice(slice.start, slice.end))
  if (given === null) return body
  const name = nameOf(call, given)
  if (name === undefined) return body
  return putMember(body, nameAt(call), JSON.stringify(name)) ?? body
}

/** null: it is neither text nor nothing, so it is the provider's to refuse. */
function textOf(json: string): string | undefined | null {
  const value: unknown = JSON.parse(json)
  if (value === null) return undefined
  return typeof value === 'string' ? value : null
}

/** A path names a task by its id or by its external id; which it is shows in its form, and else in the answer. */
function formsOf(call: NamedCall, id: string, body: string | undefined): NamedForm[] {
  const { path, search, tenant } = call
  const before = path.replace(/\/+$/, '').replace(/[^/]+$/, '')
  const asIs = { path, search, body }
  const named = { path: `${before}${encodeURIComponent(theirs(tenant) + id)}`, search, body }
  return TASK_ID.test(id) ? [asIs, named] : [named, asIs]
}

function namedQuery({ match, search, tenant }: NamedCall): string {
  const query = new URLSearchParams(search)
  const names = query.get('external_task_ids')
  if (match?.route.path !== '/tasks' || match.route.method !== 'GET' || !names) return search
  const marked = names.split(',').map((name) => (name === '' ? name : theirs(tenant) + name))
  query.set('external_task_ids', marked.join(','))
  return `?${query}`
}

/** Names of ours go with the member that holds them and one comma. */
function withoutOurs(text: string, tenant: string): string {
  const member = `"(?:external_task_id|external_id)"\\s*:\\s*"${ours(tenant)}[^"]*"`
  return text.replaceAll(new RegExp(`,\\s*${member}|${member}\\s*,?`, 'g'), '')
}

function theirs(tenant: string): string {
  return `${markOf(tenant)}c-`
}

function ours(tenant: string): string {
  return `${markOf(tenant)}g-`
}

function markOf(tenant: string): string {
  return `hgw${fnv(tenant, 0x811c9dc5)}${fnv(tenant, 0x1b873593)}`
}

/** FNV-1a: it only keeps tenants apart that may one day use the same account. */
function fnv(text: string, seed: number): string {
  let sum = seed
  for (let index = 0; index < text.length; index += 1) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193)
  }
  return (sum >>> 0).toString(16).padStart(8, '0')
}
