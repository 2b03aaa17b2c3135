/** Calls that answer at once: speech, recognition, selections, deletions, elements and presets. */
import { mediaUrl, type Site } from '../../answers/links.ts'
import { countStart } from '../../jobs/counts.ts'
import { planJob } from '../../jobs/plan.ts'
import { pause } from '../../state/clock.ts'
import { type Doc, mapLeaves } from '../../text/json.ts'
import { userNumber } from '../accounts/accounts.ts'
import { asDoc, asText, type Call, succeed } from '../answers/call.ts'
import { refused } from '../answers/errors.ts'
import { assertAllowed, assertRoom, recordMaxima } from '../creations/start.ts'
import { takePage } from '../reads/tasks.ts'
import { addOwn, PRESET_ELEMENT } from '../resources/resources.ts'
import { newNumber } from '../tasks/task.ts'

/** In flight while the call runs. That it takes a slot of the video pack is a [guess]. */
export async function generate(call: Call): Promise<Doc> {
  const { state, account, row } = call
  if (row.path.endsWith('/tts')) assertSpeaker(call)
  assertAllowed(call, 'video', 0)
  assertRoom(call, 'video', 1)
  const plan = planJob(state, account, { type: 'sync', path: row.path, text: call.text })
  if (plan.outcome === 'refused') throw refused(Number(plan.failure?.code) || 1302)
  addRunning(call, 1)
  countStart(state, account, 'sync')
  recordMaxima(state, account)
  const startedAt = state.now()
  try {
    await pause(state.settings.syncMs)
    return succeed(makeAnswer(call, startedAt))
  } finally {
    addRunning(call, -1)
  }
}

function addRunning({ state, account }: Call, by: number): void {
  state.syncCalls.set(account.key, (state.syncCalls.get(account.key) ?? 0) + by)
}

/** Speech has voices of its own. The ids of voices for videos are long numbers. */
function assertSpeaker({ body }: Call): void {
  if (/^\d{15,}$/.test(String(body.voice_id))) throw refused(1201, 'Voice id not found')
}

function makeAnswer(call: Call, startedAt: number): Doc {
  const { state, account, row, site } = call
  const data = localise(asDoc(row.responseExample.data), site) as Doc
  if ('session_id' in data) {
    data.session_id = newNumber(state)
    addOwn(state, account, 'session', String(data.session_id))
  }
  if (!row.path.endsWith('/tts')) return data
  const [taskId, audioId] = [newNumber(state), newNumber(state)]
  addOwn(state, account, 'audio', audioId)
  const audio = { id: audioId, url: mediaUrl(site, `${taskId}.mp3`), duration: '2.0' }
  const times = { created_at: startedAt, updated_at: state.now() }
  return { ...data, task_id: taskId, task_result: { audios: [audio] }, ...times }
}

/** Selections change nothing. The answer names the session of the call. */
export function write(call: Call): Doc {
  const { row, body, site } = call
  if (row.path.startsWith('/v1/general/delete-')) return remove(call)
  if (row.path === '/v1/general/custom-elements') return addOldElement(call)
  const data = localise(asDoc(row.responseExample.data), site) as Doc
  return succeed({ ...data, session_id: body.session_id })
}

/** The task that made the resource shows it as deleted. */
function remove({ state, found }: Call): Doc {
  for (const resource of found.values()) {
    resource.doc.status = 'deleted'
    state.putResource(resource)
    const job = state.jobs.get(String(resource.doc.taskId))
    if (!job) continue
    job.doc.deleted = true
    state.putJob(job)
  }
  return succeed({ task_id: newNumber(state), task_status: 'succeed' })
}

/** The older kind of element, with a list of its own. */
function addOldElement({ state, account, body }: Call): Doc {
  const element_id = newNumber(state)
  const doc = {
    old: true,
    element_name: body.element_name,
    element_description: body.element_description ?? '',
    element_frontal_image: asText(body.element_frontal_image) ?? '',
    element_refer_list: body.element_refer_list ?? [],
  }
  addOwn(state, account, 'element', element_id, doc)
  return succeed({ element_id, element_name: doc.element_name })
}

export function listOldElements(call: Call): Doc {
  const { state, account } = call
  const own = [...(state.byOwner.get(account.key)?.values() ?? [])].filter(
    ({ type, doc }) => type === 'kling-element' && doc.old === true && doc.status !== 'deleted'
  )
  const rows = own.toReversed().map(({ id, doc }) => {
    const { old: _, ...shown } = doc
    return { element_id: id, ...shown, owned_by: userNumber(account) }
  })
  return succeed(takePage(call, rows))
}

/** The same for every account. The number in the example was rounded to a double; `localise` corrects it. */
export function listPresets(call: Call): Doc {
  const rows = localise(call.row.responseExample.data, call.site) as Doc[]
  return succeed(takePage(call, rows))
}

/** Links lead to the simulator, and ids of presets are the real ones. */
function localise(value: unknown, site: Site): unknown {
  return mapLeaves(value, (leaf, name) => {
    if (name === 'element_id') return PRESET_ELEMENT
    return typeof leaf === 'string' ? localiseText(leaf, site) : leaf
  })
}

function localiseText(text: string, site: Site): string {
  if (!/^https:\/\/[\w-]+\.klingai\.com\//.test(text)) return text
  return mediaUrl(site, text.split('/').at(-1) ?? 'sample.jpg')
}
