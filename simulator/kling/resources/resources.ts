/** Resources: what an account made, and the presets that every account may use. */
import type { State } from '../../state/state.ts'
import type { Account, KlingAccount, Resource } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'

/** As a double it would end in 600. */
export const PRESET_ELEMENT = '829836802793406551'
const PRESET_VOICE = '829824295735410756'
const THIRTY_DAYS_MS = 30 * 86_400_000
const DAY_MS = 86_400_000

export type ResourceType = 'video' | 'audio' | 'element' | 'voice' | 'session'

function resourceKey(account: string, type: ResourceType, id: string): string {
  return `${account} ${type} ${id}`
}

export function addOwn(
  state: State,
  account: Account,
  type: ResourceType,
  id: string,
  doc: Doc = {}
): Resource {
  return state.putResource({
    key: resourceKey(account.key, type, id),
    account: account.key,
    type: `kling-${type}`,
    id,
    form: '',
    seq: state.nextSeq(),
    createdAt: state.now(),
    doc,
  })
}

/** Results can be named for 30 days, sessions for one day. */
export function findOwn(
  state: State,
  account: KlingAccount,
  type: ResourceType,
  id: string
): Resource | undefined {
  const found = state.resources.get(resourceKey(account.key, type, id))
  if (!found || found.doc.status === 'deleted') return undefined
  const age = state.now() - found.createdAt
  if (type === 'session') return age < DAY_MS ? found : undefined
  const isMedia = type === 'video' || type === 'audio'
  return isMedia && age > THIRTY_DAYS_MS ? undefined : found
}

export function isPreset(type: ResourceType, id: string): boolean {
  return id === (type === 'element' ? PRESET_ELEMENT : type === 'voice' ? PRESET_VOICE : undefined)
}
