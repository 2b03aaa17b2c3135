/** Calls that answer at once: speech, recognition, selections, deletions, and the libraries. */
import { mediaUrl } from '../../heygen/answers/fill.ts'
import { countStart, planJob } from '../../jobs/jobs.ts'
import type { Doc } from '../../state/types.ts'
import { userNumber } from '../accounts/accounts.ts'
import { asDoc, asText, type Call, succeed } from '../answers/call.ts'
import { refused } from '../answers/errors.ts'
import { addThing, PRESET_ELEMENT } from '../resources/resources.ts'
import { takePage } from '../reads/tasks.ts'
import { assertAllowed, assertRoom, witness } from '../creations/start.ts'
import { newNumber } from '../tasks/task.ts'

/** In flight for as long as the call runs; that it takes a place of the video pack is a [guess]. */
export async function generate(call: Call): Promise<Doc> {
  const { state, account, row } = call
  if (row.path.endsWith('/tts')) assertSpeaker(call)
  assertAllowed(call, 'video', 0)
  assertRoom(call, 'video', 1)
  const plan = planJob(state, account, { type: 'sync', path: row.path, text: call.text })
  if (plan.outcome === 'refused') throw refused(Number(plan.failure?.code) || 1302)
  change(call, 1)
  countStart(state, account, 'sync')
  witness(state, account)
  const startedAt = state.now()
  try {
    await scheduler.wait(state.settings.syncMs)
    return succeed(makeAnswer(call, startedAt))
  } finally {
    change(call, -1)
  }
}

function change({ state, account }: Call, by: number): void {
  state.syncCalls.set(account.key, (state.syncCalls.get(account.key) ?? 0) + by)
}

/** The voices of speech are of another catalogue than those of videos, whose ids are long numbers. */
function assertSpeaker({ body }: Call): void {
  if (/^\d{15,}$/.test(String(body.voice_id))) throw refused(1201, 'Voice id not found')
}

function makeAnswer(call: Call, startedAt: number): Doc {
  const { state, account, row, origin } = call
  const data = localise(asDoc(row.responseExample.data), call) as Doc
  if ('session_id' in data) {
    data.session_id = newNumber(state)
    addThing(state, account, 'session', String(data.session_id))
  }
  if (!row.path.endsWith('/tts')) return data
  const [taskId, audioId] = [newNumber(state), newNumber(state)]
  addThing(state, account, 'audio', audioId)
  const audio = { id: audioId, url: mediaUrl(origin, `${taskId}.mp3`), duration: '2.0' }
  const times = { created_at: startedAt, updated_at: state.now() }
  return { ...data, task_id: taskId, task_result: { audios: [audio] }, ...times }
}

/** Selections change nothing here but are answered for the session that they name. */
export function write(call: Call): Doc {
  const { row, body } = call
  if (row.path.startsWith('/v1/general/delete-')) return remove(call)
  if (row.path === '/v1/general/custom-elements') return addOldElement(call)
  const data = localise(asDoc(row.responseExample.data), call) as Doc
  return succeed({ ...data, session_id: body.session_id })
}

/** Own ones only, and the task that made it shows it as deleted. */
function remove({ state, found }: Call): Doc {
  for (const thing of found.values()) {
    thing.doc.status = 'deleted'
    state.putResource(thing)
    const job = state.jobs.get(String(thing.doc.taskId))
    if (!job) continue
    job.doc.deleted = true
    state.putJob(job)
  }
  return succeed({ task_id: newNumber(state), task_status: 'succeed' })
}

/** The forerunner of the advanced elements has a library of its own. */
function addOldElement({ state, account, body }: Call): Doc {
  const element_id = newNumber(state)
  const doc = {
    old: true,
    element_name: body.element_name,
    element_description: body.element_description ?? '',
    element_frontal_image: asText(body.element_frontal_image) ?? '',
    element_refer_list: body.element_refer_list ?? [],
  }
  addThing(state, account, 'element', element_id, doc)
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

/** The same for every account. The example's number went through a double, so it is put right here. */
export function listPresets(call: Call): Doc {
  const rows = localise(call.row.responseExample.data, call) as Doc[]
  return succeed(takePage(call, rows))
}

/** Links lead here, and preset ids are the real ones. */
function localise(value: unknown, call: Call): unknown {
  if (typeof value === 'string') return localiseText(value, call.origin)
  if (Array.isArray(value)) return value.map((each) => localise(each, call))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      name === 'element_id' ? PRESET_ELEMENT : localise(each, call),
    ])
  )
}

function localiseText(text: string, origin: string): string {
  if (!/^https:\/\/[\w-]+\.klingai\.com\//.test(text)) return text
  return mediaUrl(origin, text.split('/').at(-1) ?? 'sample.jpg')
}
