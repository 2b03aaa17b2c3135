/** Things with ids: whose they are, which are public, and the documented example ids. */
import { newId, newHex } from '../../state/ids.ts'
import type { State } from '../../state/state.ts'
import type { Account, Doc, Resource } from '../../state/types.ts'
import { CATALOGUE, type OwnerId, type Row } from '../catalogue/catalogue.ts'

const SAME_TYPE: Record<string, string> = {
  'photo-avatar': 'avatar',
  'avatar-look': 'avatar',
  group: 'avatar-group',
  'video-translation': 'translation',
  run: 'workflow-run',
  'brand-voice': 'brand-glossary',
}

/** Some documented resource names are wider or narrower than what they mean. undefined: not checked. */
export function toType(row: Row, resource: string): string | undefined {
  if (resource === 'job')
    return row.path.includes('ai-clipping') ? 'ai-clipping' : 'background-removal'
  if (resource === 'video-or-project' || resource === 'streaming-token') return undefined
  if (resource.includes(' ')) return undefined
  if (row.path.startsWith('/v1/workflows')) return 'workflow-execution'
  return SAME_TYPE[resource] ?? resource
}

/** An image_key stands for the asset whose hex it carries. */
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
  addPublic(state)
  return [...(state.byOwner.get('')?.values() ?? [])].filter((resource) => resource.type === type)
}

const PUBLIC: NewResource[] = [
  {
    type: 'avatar',
    id: 'Abigail_expressive_2024112501',
    form: 'look',
    doc: { title: 'Abigail (Upper Body)', group_id: 'public_group_abigail' },
  },
  {
    type: 'avatar',
    id: 'Vanessa-invest-20220722',
    form: 'look',
    doc: { title: 'Vanessa', group_id: 'public_group_vanessa' },
  },
  { type: 'avatar', id: 'Wayne_20240711', form: 'streaming', doc: { title: 'Wayne' } },
  { type: 'avatar-group', id: 'public_group_abigail', doc: { title: 'Abigail' } },
  { type: 'avatar-group', id: 'public_group_vanessa', doc: { title: 'Vanessa' } },
  { type: 'voice', id: '1bd001e7e50f421d891986aad5158bc8', doc: { title: 'Ana - Cheerful' } },
  { type: 'look-template', id: 'pack_office_f', doc: { title: 'Office', looks_count: 3 } },
  { type: 'voice', id: '2d5b0e6cf36f460aa7fc47e3eee4ba54', doc: { title: 'Sim - Calm' } },
]

/** Ids that everybody may use. Added when first needed, so that a reset brings them back. */
export function addPublic(state: State): void {
  if (state.byOwner.has('')) return
  for (const each of PUBLIC) addResource(state, '', each)
}

export function isPublicId(id: string): boolean {
  return PUBLIC.some((each) => each.id === id)
}

/** Gives the account everything that the documented examples name, already finished. */
export function addExamples(state: State, account: Account): void {
  addPublic(state)
  const add = (type: string | undefined, id: unknown): void => {
    if (!type || typeof id !== 'string' || isPublicId(id)) return
    if (state.resources.has(resourceKey(account.email, type, id))) return
    addResource(state, account.email, {
      type,
      id,
      form: exampleForm(type, id),
      doc: exampleDoc(type),
    })
  }
  for (const row of CATALOGUE) {
    for (const owner of row.ownerIdIn) {
      const type = toType(row, owner.resource)
      add(type, row.pathExample[owner.name])
      for (const id of splitIds(owner, row.queryExample[owner.name])) add(type, id)
      for (const id of readPointer(row.requestExample, owner.pointer)) add(type, id)
    }
  }
  const key = `evt_${account.username}`
  state.events.put({
    key,
    seq: state.nextSeq(),
    account: account.email,
    eventType: 'avatar_video.success',
    entityId: EXAMPLE_VIDEO,
    eventData: {
      video_id: EXAMPLE_VIDEO,
      url: `https://files.heygen.ai/video/${EXAMPLE_VIDEO}.mp4`,
      callback_id: 'job-0042',
    },
    createdAt: state.now(),
  })
}

const EXAMPLE_VIDEO = '9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b84'

function exampleForm(type: string, id: string): string {
  if (type === 'avatar') return id.startsWith('4f0c') ? 'photo' : 'look'
  if (type === 'voice') return id.startsWith('v_') ? 'model' : 'clone'
  return ''
}

function exampleDoc(type: string): Doc {
  const video = EXAMPLE_VIDEO
  const doc: Doc = { title: 'Demo', callback_id: 'job-0042' }
  if (type === 'video') return { ...doc, session_id: 'sess_abc123' }
  if (type === 'agent-session') return { ...doc, video_id: video, resource_ids: ['res_1'] }
  if (type === 'agent-resource') return { session_id: 'sess_abc123', video_id: video }
  if (type === 'avatar') return { ...doc, group_id: '6b1f0a9c3d7e4f52b8c1d2e3f4a5b6c7' }
  if (type === 'asset')
    return { title: 'photo.jpg', file_type: 'image', mime_type: 'image/jpeg', size_bytes: 204_800 }
  if (type === 'batch') return { ...doc, item_type: 'video', items: [video] }
  if (type === 'webhook-endpoint') {
    const events = ['avatar_video.success', 'avatar_video.fail']
    return {
      url: 'https://example.com/hg',
      events,
      secret: `whsec_${newHex(12)}`,
      status: 'enabled',
    }
  }
  return doc
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

/** Strings at a JSON pointer whose `*` segments mean every item. */
export function readPointer(value: unknown, pointer: string | undefined): unknown[] {
  if (!pointer) return []
  let found: unknown[] = [value]
  for (const segment of pointer.split('/').slice(1)) {
    found = found.flatMap((each) => {
      if (each === null || typeof each !== 'object') return []
      if (segment === '*') return Object.values(each)
      return segment in each ? [(each as Doc)[segment]] : []
    })
  }
  return found.filter((each) => each !== null && each !== undefined)
}
