/** What follows from a task's end: its results can be used in other calls, units are refunded, the callback goes out. */
import type { KlingFacts } from '../../state/kling-account.ts'
import type { State } from '../../state/state.ts'
import type { Job } from '../../state/types.ts'
import { asKling } from '../accounts/accounts.ts'
import { addOwn } from '../resources/resources.ts'
import { typeOf } from '../tasks/products.ts'
import { newNumber, taskDoc } from '../tasks/task.ts'
import { cancelProcessing, sendCallback } from './callbacks.ts'

export function endKlingTask(state: State, facts: KlingFacts, job: Job): void {
  const account = asKling(state.accounts.get(job.account))
  if (!account) return
  if (job.outcome === 'completed') addResults(state, job)
  else refund(facts, job)
  state.accounts.put(account)
  state.putJob(job)
  cancelProcessing(state, job)
  sendCallback(state, account, job)
}

/** Failed tasks are free [guess]. Documented is only that the deduction is final at the end. */
function refund(facts: KlingFacts, job: Job): void {
  const { packType, units, paidBy } = taskDoc(job)
  const left = facts.units[packType]
  if (paidBy === 'unit' && left !== null) facts.units[packType] = left + units
}

function addResults(state: State, job: Job): void {
  const account = state.accounts.get(job.account)
  if (!account) return
  const doc = taskDoc(job)
  const type = typeOf(doc.path)
  const made = doc.made ?? {
    videoId: newNumber(state),
    audioId: newNumber(state),
    elementId: newNumber(state),
    voiceId: newNumber(state),
  }
  doc.made = made
  const facts = { taskId: job.id }
  if (type === 'video') addOwn(state, account, 'video', made.videoId, facts)
  if (type === 'audio' || doc.path.endsWith('video-to-audio'))
    addOwn(state, account, 'audio', made.audioId, facts)
  if (type === 'element') addOwn(state, account, 'element', made.elementId, facts)
  if (type === 'voice') addOwn(state, account, 'voice', made.voiceId, facts)
}
