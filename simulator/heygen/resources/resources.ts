/** Resources (whatever has an id): whose they are, and which are public. */
import type { OwnerId } from '../../catalogue/rows.ts'
import { newId } from '../../state/ids.ts'
import type { State } from '../../state/state.ts'
import type { Account, Resource } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import type { Row } from '../catalogue/catalogue.ts'

const SAME_TYPE: Record<string, string> = {
  'photo-avatar': 'avatar',
  'avatar-look': 'avatar',
  group: 'avatar-group',
  'video-translation': 'translation',
  run: 'workflow-run',
  'brand-voice': 'brand-glossary',
}

/** The type that a documented resource name means. undefined: its ids are not checked. */
export function toType(row: Row, resource: string): string | undefined {
  if (resource === 'job')
    return row.path.includes('ai-clipping') ? 'ai-clipping' : 'background-removal'
  if (resource === 'video-or-project' || resource === 'streaming-token') return undefined
  if (resource.includes(' ')) return undefined
  if (row.path.startsWith('/v1/workflows')) return 'workflow-execution'
  return SAME_TYPE[resource] ?? resource
}

/** An image_key holds the id of its asset. */
export function toId(type: string, id: string): string {
  return type === 'asset' ? (/^image\/([0-9a-f]{32})\//.exec(id)?.[1] ?? id) : id
}

export function resourceKey(account: string, type: string, id: string): string {
  return `${account}|${type}|${toId(type, id)}`
}

export function findResource(
  state: State,
  account: Account,
  type: string,
  id: string
): Resource | undefined {
  return (
    state.resources.get(resourceKey(account.email, type, id)) ??
    state.resources.get(resourceKey('', type, id))
  )
}

export function belongsToOther(state: State, account: Account, type: string, id: string): boolean {
  return state.accounts
    .values()
    .some((other) => other !== account && state.resources.has(resourceKey(other.email, type, id)))
}

export type NewResource = {
  type: string
  id?: string
  form?: string
  doc?: Doc
  jobId?: string
  part?: { index: number; total: number }
}

export function addResource(state: State, account: string, what: NewResource): Resource {
  const id = toId(what.type, what.id ?? newId(what.type))
  return state.putResource({
    key: resourceKey(account, what.type, id),
    account,
    type: what.type,
    id,
    form: what.form ?? '',
    seq: state.nextSeq(),
    createdAt: state.now(),
    doc: what.doc ?? {},
    ...(what.jobId ? { jobId: what.jobId } : {}),
    ...(what.part ? { part: what.part } : {}),
  })
}

/** The account's own, newest first. */
export function listOwn(state: State, account: Account, type: string): Resource[] {
  return [...(state.byOwner.get(account.email)?.values() ?? [])]
    .filter((resource) => resource.type === type)
    .toSorted((a, b) => b.seq - a.seq)
}

export function listPublic(state: State, type: string): Resource[] {
  return [...(state.byOwner.get('')?.values() ?? [])].filter((resource) => resource.type === type)
}

export function splitIds(owner: OwnerId, value: string | undefined): string[] {
  if (!value) return []
  return owner.list
    ? value
        .split(',')
        .map((id) => id.trim())
        .filter(Boolean)
    : [value]
}
