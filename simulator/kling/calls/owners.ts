/** The resources that a call names, and whether the account may use them. */
import type { OwnerId } from '../../catalogue/rows.ts'
import type { Resource } from '../../state/types.ts'
import { readPointer } from '../../text/json.ts'
import type { Call } from '../answers/call.ts'
import { refused } from '../answers/errors.ts'
import { findOwn, isPreset, type ResourceType } from '../resources/resources.ts'
import { findTask } from '../tasks/task.ts'

const TYPES = new Set(['video', 'audio', 'element', 'voice', 'session'])

/** Every id that the body names must be the account's own, or a preset where presets may be named. */
export function resolveOwners(call: Call): void {
  for (const owner of call.row.ownerIdIn) {
    if (owner.in !== 'body' || owner.resource === 'bind-session') continue
    const ids = readPointer(call.body, owner.pointer)
      .filter((id) => id !== '')
      .map(String)
    if (owner.required && ids.length === 0) throw refused(1201, `${owner.name} is required`)
    for (const id of ids) resolveOne(call, owner, id)
  }
}

function resolveOne(call: Call, owner: OwnerId, id: string): void {
  const { state, account } = call
  if (owner.resource === 'task') {
    if (!findTask(state, account, id)) throw notFound('Task', id)
    return
  }
  if (!TYPES.has(owner.resource)) return
  const type = owner.resource as ResourceType
  if (owner.mayBeShared && isPreset(type, id)) return
  const found: Resource | undefined = findOwn(state, account, type, id)
  if (!found) throw notFound(type, id)
  call.found.set(owner.pointer ?? owner.name, found)
}

/** Seen for voices and tasks. For the others it is a [guess]. */
function notFound(type: string, id: string): Error {
  if (type === 'Task') return refused(1201, `Task not found by id/external id: ${id}`)
  return refused(1201, `${type[0]?.toUpperCase()}${type.slice(1)} id not found`)
}
