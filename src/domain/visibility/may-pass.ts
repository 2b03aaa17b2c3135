/** Decides whether an id may stand in a call of an own token (docs/rfc/0010-sees-own.md, the table of ids). */

/** What the id is to the token. `none`: foreign or unknown, which nothing tells apart. */
export type Standing = 'own' | 'granted' | 'public' | 'none'

export interface NamedPlace {
  resource: string
  required: boolean
  mayBeShared: boolean
}

/** `granted`: the token may use the thing, and not change it. `absent`: like an id that does not exist. */
export type IdPassage = 'passes' | 'absent' | 'granted'

const READS = new Set(['job-status', 'read-account', 'read-shared', 'sync-generation'])
/** What a creation needs and does not change, although it cannot do without. */
const INPUTS = new Set(['template', 'video', 'audio', 'task', 'asset', 'model-voice'])
/** What a creation changes, although it can do without. */
const CHANGED = new Set(['avatar-group', 'folder'])

export function mayPass(kind: string, place: NamedPlace, standing: Standing): IdPassage {
  if (standing === 'own') return 'passes'
  if (standing === 'none') return 'absent'
  const isChange = kind === 'write-account'
  if (standing === 'public') return place.mayBeShared && !isChange ? 'passes' : 'absent'
  if (READS.has(kind)) return 'passes'
  if (isChange) return 'granted'
  return isInput(place) ? 'passes' : 'granted'
}

function isInput({ resource, required, mayBeShared }: NamedPlace): boolean {
  if (CHANGED.has(resource)) return false
  return mayBeShared || !required || INPUTS.has(resource)
}
