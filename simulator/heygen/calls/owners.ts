/** The resources that a call names, and whether the account may use them. */
import { Refusal } from '../../answers/refusal.ts'
import type { OwnerId } from '../../catalogue/rows.ts'
import type { Resource } from '../../state/types.ts'
import { readPointer } from '../../text/json.ts'
import type { Call } from '../answers/call.ts'
import { envelopeOf, invalid, notFound } from '../answers/errors.ts'
import type { Row } from '../catalogue/catalogue.ts'
import { belongsToOther, findResource, splitIds, toId, toType } from '../resources/resources.ts'

/** Every id that the call names must be the account's own or public. The resources are kept in `call.found`. */
export function resolveOwners(call: Call): void {
  for (const owner of call.row.ownerIdIn) {
    if (call.row.path.endsWith('/statuses')) continue
    const type = toType(call.row, owner.resource)
    const ids = readIds(call, owner)
    if (owner.required && ids.length === 0) throw missing(call.row, owner)
    if (!type) continue
    for (const id of ids) {
      const found = assertOwn(call, type, id, owner)
      // A folder in the trash takes nothing in.
      if (owner.in === 'body' && type === 'folder' && found.doc.is_trash === true) {
        throw notFound(call.row, type, 'body')
      }
      call.found.set(owner.in === 'body' ? (owner.pointer ?? owner.name) : owner.name, found)
    }
  }
}

function readIds(call: Call, owner: OwnerId): string[] {
  if (owner.in === 'path') return splitIds(owner, call.params[owner.name])
  if (owner.in === 'query') return splitIds(owner, call.query.get(owner.name) ?? undefined)
  return readPointer(call.body, owner.pointer).filter(
    (id) => typeof id === 'string' && id !== ''
  ) as string[]
}

function assertOwn(call: Call, type: string, id: string, owner: OwnerId): Resource {
  const found = findResource(call.state, call.account, type, id)
  if (found && (found.account !== '' || owner.mayBeShared || call.row.method === 'GET'))
    return found
  // Seen once: the details of another account's avatar are forbidden, not unknown.
  const forbidden = call.row.errorExamples.find((each) => each.status === 403)
  const isDetails = call.name === 'GET /v2/avatar/{avatar_id}/details'
  if (isDetails && forbidden && belongsToOther(call.state, call.account, type, toId(type, id))) {
    throw new Refusal(403, forbidden.body)
  }
  throw notFound(call.row, type, owner.in)
}

function missing(row: Row, owner: OwnerId): Refusal {
  const envelope = envelopeOf(row)
  if (envelope === 'v1') return new Refusal(400, { code: 400, message: 'Invlid parameters' })
  return invalid(envelope, `${owner.name} is required`, owner.name)
}
