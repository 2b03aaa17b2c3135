/** The tasks and resources that Kling's documented examples name. With them every row answers its own example. */
import { endJob } from '../jobs/jobs.ts'
import { putBinding } from '../kling/accounts/console.ts'
import { asDoc } from '../kling/answers/call.ts'
import { CATALOGUE, findRow, type Row } from '../kling/catalogue/catalogue.ts'
import { beginTask } from '../kling/creations/start.ts'
import { addOwn, type ResourceType } from '../kling/resources/resources.ts'
import { findTask } from '../kling/tasks/task.ts'
import type { State } from '../state/state.ts'
import type { KlingAccount } from '../state/types.ts'
import type { Doc } from '../text/json.ts'

const RESOURCES: [ResourceType, string][] = [
  ['video', '743211632612511839'],
  ['session', '867011223344556677'],
  ['voice', '930801338081615883'],
  ['element', '321922438904313'],
]
const OLD_ELEMENT = {
  old: true,
  element_name: 'probe',
  element_description: 'a man',
  element_frontal_image: 'https://example.com/first.png',
  element_refer_list: [{ image_url: 'https://example.com/side.png' }],
}
const NEW_TASK = '893605946402811985'

export function addKlingExamples(state: State, account: KlingAccount, origin: string): void {
  if (findTask(state, account, NEW_TASK)) return
  for (const [type, id] of RESOURCES) addOwn(state, account, type, id)
  addOwn(state, account, 'element', '829836802793406553', OLD_ELEMENT)
  const ofV1 = CATALOGUE.filter((row) => row.path.endsWith('/{id}'))
  for (const row of ofV1) addExample(state, account, row, origin)
  const done = { path: '/text-to-video/kling-3.0-turbo', body: {}, origin }
  // One that was paid with money, for the bill of the balance.
  const { payment } = account.kling
  account.kling.payment = 'cash'
  addDone(state, account, { ...done, id: `${NEW_TASK}1`, externalId: null })
  account.kling.payment = payment
  addDone(state, account, { ...done, id: NEW_TASK, externalId: `example-${account.email}` })
  const endsAt = Infinity
  putBinding(
    state,
    { sessionId: 's-1', deviceCode: 'd-1', challenge: '', endsAt },
    { email: account.email }
  )
}

function addExample(state: State, account: KlingAccount, row: Row, origin: string): void {
  const path = row.path.replace('/{id}', '')
  const id = row.pathExample.id ?? ''
  const given = asDoc(asDoc(row.responseExample.data).task_info).external_task_id
  const body = asDoc(findRow(`POST ${path}`)?.requestExample)
  // One for each account, or they would be reported as duplicates.
  const externalId = given === undefined ? null : `example-${account.email}-${id}`
  const voice = path.endsWith('elements') ? { element_voice_id: '930801338081615883' } : {}
  addDone(state, account, { id, path, externalId, body: { ...body, ...voice }, origin })
}

type Done = { id: string; path: string; externalId: string | null; body: Doc; origin: string }

function addDone(state: State, account: KlingAccount, done: Done): void {
  const how = { durationMs: null, outcome: 'completed', failure: null }
  const where = { row: 'example', callbackUrl: null, watermark: false }
  endJob(state, beginTask(state, account, { ...done, ...where, ...how }))
}
