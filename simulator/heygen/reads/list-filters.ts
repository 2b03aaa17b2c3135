/** Which of an account's resources a list shows, by its query, and how long its pages are. */
import type { Resource } from '../../state/types.ts'
import { isStrict } from '../accounts/sunset.ts'
import type { Call } from '../answers/call.ts'
import { envelopeOf, invalid } from '../answers/errors.ts'
import { lookTypeOf } from '../resources/looks.ts'

export type Filter = (call: Call, resource: Resource) => boolean

export const inFolder: Filter = (call, resource) => {
  const folder = call.query.get('folder_id')
  return !folder || resource.doc.folder_id === folder
}

export const titled: Filter = (call, resource) => {
  const title = call.query.get('title')?.toLowerCase()
  return (
    inFolder(call, resource) &&
    (!title ||
      String(resource.doc.title ?? '')
        .toLowerCase()
        .includes(title))
  )
}

export const inTrash: Filter = (call, resource) => {
  const wanted = call.query.get('is_trash') === 'true'
  const parent = call.query.get('parent_id')
  return (
    (resource.doc.is_trash === true) === wanted && (!parent || resource.doc.parent_id === parent)
  )
}

export const ownedAs: Filter = (call, resource) => {
  const ownership = call.query.get('ownership') ?? call.query.get('type')
  const group = call.query.get('group_id')
  const type = call.query.get('avatar_type')
  if (group && resource.doc.group_id !== group) return false
  if (type && lookTypeOf(resource) !== type) return false
  if (ownership === 'public') return resource.account === ''
  return ownership !== 'private' || resource.account !== ''
}

/** A list without `type` has only the public voices [doc], which is insisted on when strict. */
export const voices: Filter = (call, resource) => {
  const { state, account, query, row } = call
  const isPublicOnly = row.path === '/v3/voices' && isStrict(state.settings, account)
  if (isPublicOnly && !query.has('type') && resource.account !== '') return false
  return (
    ['language', 'gender'].every((name) => fits(query.get(name), resource.doc[name])) &&
    ownedAs(call, resource)
  )
}

/** A voice without the member fits any value. */
function fits(wanted: string | null, value: unknown): boolean {
  return !wanted || typeof value !== 'string' || value.toLowerCase() === wanted.toLowerCase()
}

export const ofGroup: Filter = (call, resource) => resource.doc.group_id === call.params.group_id

export const ofSession: Filter = (call, resource) =>
  resource.doc.session_id === call.params.session_id

export const publicOnRequest: Filter = (call, resource) =>
  resource.account !== '' || call.query.get('include_public') === 'true'

/** The list of assets must name a member of the workspace, which here is its one user. */
export const ofMember: Filter = (call, resource) => {
  const { state, account, query } = call
  const username = query.get('username')
  if (isStrict(state.settings, account)) {
    if (!username) throw invalid('v3', 'username is invalid: Field required', 'username')
    if (username !== account.username) return false
  }
  return inFolder(call, resource)
}

/** The page sizes of lists that have other limits than 1 to 100, 20 without a `limit`. Insisted on when strict. */
const PAGES: Record<string, { max?: number; otherwise?: number }> = {
  'GET /v3/avatars': { max: 50 },
  'GET /v3/avatars/looks': { max: 50 },
  'GET /v3/avatars/look-templates': { max: 50 },
  'GET /v3/assets/search': { max: 50 },
  'GET /v3/videos': { otherwise: 10 },
  'GET /v3/video-translations': { otherwise: 10 },
  'GET /v3/templates': { otherwise: 10 },
  'GET /v3/brand-glossaries': { otherwise: 10 },
  'GET /v3/webhooks/endpoints': { otherwise: 10 },
  'GET /v3/webhooks/events': { otherwise: 10 },
}

export function readLimit(call: Call): number {
  const { state, account, row } = call
  const pages = isStrict(state.settings, account) ? PAGES[call.name] : undefined
  const max = pages?.max ?? 100
  const text = call.query.get('limit')
  if (text === null || text === '' || text === '0')
    return pages?.otherwise ?? (row.family === 'v3' ? 20 : 100)
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1 || limit > max) {
    throw invalid(envelopeOf(row), `limit must be from 1 to ${max}.`, 'limit')
  }
  return limit
}
