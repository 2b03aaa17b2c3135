/** The resources that HeyGen's documented examples name. With them every row answers its own example. */
import { CATALOGUE } from '../heygen/catalogue/catalogue.ts'
import { addPublic, isPublicId } from '../heygen/resources/public.ts'
import { addResource, resourceKey, splitIds, toType } from '../heygen/resources/resources.ts'
import { newHex } from '../state/random.ts'
import type { State } from '../state/state.ts'
import type { Account } from '../state/types.ts'
import { type Doc, readPointer } from '../text/json.ts'

/** Gives the account everything that the documented examples name, already finished. */
export function addHeygenExamples(state: State, account: Account): void {
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
  if (type === 'template') return { ...doc, as_documented: true }
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
