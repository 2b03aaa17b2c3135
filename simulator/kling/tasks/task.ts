/** Tasks are jobs. This is what Kling adds to them, and how far a task is. */
import type { PackType } from '../../state/kling-account.ts'
import { randomBelow } from '../../state/random.ts'
import type { State } from '../../state/state.ts'
import type { Job, KlingAccount } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { klingKey } from '../accounts/accounts.ts'

export type TaskDoc = {
  origin: string
  path: string
  externalId: string | null
  packType: PackType
  units: number
  paidBy: 'unit' | 'cash'
  seconds: number
  count: number
  watermark: boolean
  /** When submitted becomes processing. */
  processingAt: number
  /** What is kept of the body for later answers. */
  body: Doc
  seq: number
  /** Ids of the results, once there are any. */
  made?: { videoId: string; audioId: string; elementId: string; voiceId: string }
  deductedFrom?: number
  title?: string
}

export function taskDoc(job: Job): TaskDoc {
  return job.doc as unknown as TaskDoc
}

export type Phase = 'submitted' | 'processing' | 'done' | 'failed'

export function phaseOf(state: State, job: Job): Phase {
  if (job.status === 'ended') return job.outcome === 'completed' ? 'done' : 'failed'
  return state.now() < taskDoc(job).processingAt ? 'submitted' : 'processing'
}

export function updatedAt(state: State, job: Job): number {
  if (job.endedAt !== null) return job.endedAt
  const { processingAt } = taskDoc(job)
  return state.now() < processingAt ? job.createdAt : processingAt
}

export function isTask(job: Job): boolean {
  return job.account.startsWith(klingKey(''))
}

/** Newest first; the documentation names no order [guess]. */
export function listTasks(state: State, account: KlingAccount): Job[] {
  return [...state.jobs.values()]
    .filter((job) => job.account === account.key)
    .toSorted((a, b) => taskDoc(b).seq - taskDoc(a).seq)
}

export function findTask(state: State, account: KlingAccount, id: string): Job | undefined {
  const job = state.jobs.get(id)
  return job?.account === account.key ? job : undefined
}

export function externalKey(account: KlingAccount, externalId: string): string {
  return `${account.key} ${externalId}`
}

export function findByExternalId(
  state: State,
  account: KlingAccount,
  externalId: string
): Job | undefined {
  const id = state.externalIds.get(externalKey(account, externalId))
  return id === undefined ? undefined : findTask(state, account, id)
}

/** 18 digits, larger for newer ones, odd: as a double it would be another number. */
export function newNumber(state: State): string {
  const tail = Math.floor(randomBelow(50)) * 2 + 1
  return `${state.nextSeq()}${String(tail).padStart(2, '0')}`
}
