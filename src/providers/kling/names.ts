/**
 * Adds and removes marks on external task ids. These ids must be unique in an account, so each is sent with a mark of its tenant
 * in front. A creation without such an id gets one from the gateway, by which it is found if its answer is lost. Clients see
 * neither the marks, which are not secret, nor the ids that the gateway made.
 */
import { fnv } from '#domain/text/hash.ts'
import { putMember, sliceAt } from '#domain/text/json-slices.ts'
import type { NamedCall, NamedForm, ProviderNames } from '#providers/contract/provider.ts'
import { EXTERNAL } from './routes/table.ts'

/** Creations that are not documented to take an external id. They get none from the gateway (reference/kling-endpoints.json). */
const NAMELESS = new Set([
  '/v1/videos/lip-sync',
  '/v1/videos/video-extend',
  '/v1/images/multi-image2image',
])
const TASK_ID = /^\d{15,20}$/

export const names: ProviderNames = {
  resource: EXTERNAL,

  toProvider(call, body) {
    const { match, path, search } = call
    if (match?.route.kind === 'creates-job') {
      return [{ path, search, body: body === undefined ? undefined : namedBody(call, body) }]
    }
    const id = match?.params['id']
    if (id !== undefined) return formsOf(call, id, body)
    return [{ path, search: namedQuery(call), body }]
  },

  mayBeName({ resource, in: place }, id, isUnknown) {
    if (place === 'body') return false
    return resource === EXTERNAL || (resource === 'task' && (isUnknown || !TASK_ID.test(id)))
  },

  refusal(name, requestId) {
    const message = `External_task_id ${name} already exists`
    return { status: 400, body: { code: 1201, message, request_id: requestId } }
  },

  toClient(text, tenant) {
    if (!text.includes(markOf(tenant))) return text
    return withoutGatewayIds(text, tenant).replaceAll(clientMark(tenant), '')
  },
}

/** The name that a creation is sent with. Undefined: it has no name. */
export function nameOf(call: NamedCall, given: string | undefined): string | undefined {
  if (given) return clientMark(call.tenant) + given
  const isNameless = NAMELESS.has(call.match?.route.path ?? '') || call.match?.added !== undefined
  return isNameless ? undefined : gatewayMark(call.tenant) + call.requestId
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

/** null: the value is not a text, so the provider refuses it. Undefined: there is no value. */
function textOf(json: string): string | undefined | null {
  const value: unknown = JSON.parse(json)
  if (value === null) return undefined
  return typeof value === 'string' ? value : null
}

/** A path names a task by its id or by its external id. The form of the text says which is likely. The other is tried second. */
function formsOf(call: NamedCall, id: string, body: string | undefined): NamedForm[] {
  const { path, search, tenant } = call
  const before = path.replace(/\/+$/, '').replace(/[^/]+$/, '')
  const asIs = { path, search, body }
  const named = { path: `${before}${encodeURIComponent(clientMark(tenant) + id)}`, search, body }
  return TASK_ID.test(id) ? [asIs, named] : [named, asIs]
}

function namedQuery({ match, search, tenant }: NamedCall): string {
  const query = new URLSearchParams(search)
  const names = query.get('external_task_ids')
  if (match?.route.path !== '/tasks' || match.route.method !== 'GET' || !names) return search
  const marked = names.split(',').map((name) => (name === '' ? name : clientMark(tenant) + name))
  query.set('external_task_ids', marked.join(','))
  return `?${query}`
}

/** Removes an id that the gateway made, with its member and one comma. */
function withoutGatewayIds(text: string, tenant: string): string {
  const member = `"(?:external_task_id|external_id)"\\s*:\\s*"${gatewayMark(tenant)}[^"]*"`
  return text.replaceAll(new RegExp(`,\\s*${member}|${member}\\s*,?`, 'g'), '')
}

function clientMark(tenant: string): string {
  return `${markOf(tenant)}c-`
}

function gatewayMark(tenant: string): string {
  return `${markOf(tenant)}g-`
}

function markOf(tenant: string): string {
  return `hgw${fnv(tenant)}${fnv(tenant, 0x1b873593)}`
}
