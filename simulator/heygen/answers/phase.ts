/** How far a resource is, and the word for it in the row that is called. */
import type { Terminal } from '../../catalogue/rows.ts'
import type { State } from '../../state/state.ts'
import type { Failure, Resource } from '../../state/types.ts'
import { CATALOGUE, type Row } from '../catalogue/catalogue.ts'
import { toType } from '../resources/resources.ts'

export type Phase = {
  state: 'early' | 'late' | 'done' | 'failed'
  outcome: string
  endedAt: number | null
  /** 0 to 1. */
  fraction: number
  failure: Failure | null
}

export function phaseOf(state: State, resource: Resource): Phase {
  const job = resource.jobId ? state.jobs.get(resource.jobId) : undefined
  const { createdAt } = resource
  if (!job)
    return { state: 'done', outcome: 'completed', endedAt: createdAt, fraction: 1, failure: null }
  const now = state.now()
  const share = resource.part ? (resource.part.index + 1) / resource.part.total : 1
  const partEnd =
    job.startedAt !== null && job.durationMs !== null
      ? job.startedAt + job.durationMs * share
      : null
  if (job.status === 'ended' || (resource.part && partEnd !== null && partEnd <= now)) {
    const failed = job.outcome !== 'completed'
    return {
      state: failed ? 'failed' : 'done',
      outcome: job.outcome,
      endedAt: job.endedAt ?? partEnd,
      fraction: 1,
      failure: failed ? job.failure : null,
    }
  }
  const elapsed = job.startedAt === null ? 0 : now - job.startedAt
  const endsByHand = job.durationMs === null || resource.type === 'stream'
  const fraction = job.durationMs ? Math.min(0.99, elapsed / (job.durationMs * share)) : 0.5
  // A job that ends only by hand is early for a moment, then late.
  const isEarly = job.startedAt === null || (endsByHand ? elapsed < 200 : fraction < 0.2)
  return { state: isEarly ? 'early' : 'late', outcome: '', endedAt: null, fraction, failure: null }
}

// In order of preference; a row uses the first that it knows. waiting_for_input and pending_consent wait for a person.
const EARLY = ['pending', 'submitted', 'queued', 'thinking', 'in_progress', 'processing', 0]
const LATE = [
  'processing',
  'running',
  'training',
  'rendering',
  'generating',
  'streaming',
  'in_progress',
  1,
]

export function statusWord(terminal: Terminal, phase: Phase): string | number {
  if (phase.state === 'done') return terminal.done[0] ?? 'completed'
  if (phase.state === 'failed') {
    const named = [...terminal.failed, ...terminal.done].find((word) => word === phase.outcome)
    return named ?? terminal.failed[0] ?? 'failed'
  }
  const words = phase.state === 'early' ? EARLY : LATE
  return words.find((word) => terminal.pending.includes(word)) ?? terminal.pending[0] ?? 'pending'
}

const terminals = new Map<string, Terminal>()
for (const row of CATALOGUE) {
  const owner = row.ownerIdIn.find((each) => each.in !== 'body')
  if (!row.terminal || !owner || /statuses|caption\.get/.test(row.path)) continue
  const type = toType(row, owner.resource)
  for (const key of [`${type} ${row.family}`, `${type}`]) {
    if (!terminals.has(key)) terminals.set(key, row.terminal)
  }
}

/** Lists whose rows have a status: they use the words of the row that reads one of them. */
const ofList = new Map(
  CATALOGUE.filter((row) => row.listedIdOut.length > 0).flatMap((list) => {
    const one = CATALOGUE.find(
      (row) =>
        row.terminal && row.path.replace(/\/\{\w+\}$/, '') === list.path && row.path !== list.path
    )
    return one?.terminal ? [[list.path, one.terminal] as const] : []
  })
)

/** The status words of a row. Lists and the like use those of the status row of their family. */
export function terminalFor(row: Row, type: string): Terminal | undefined {
  const ofThis = ofList.get(row.path)
  if (ofThis) return ofThis
  const isStatusOfType = row.terminal && row.terminal.statusPointer === '/data/status'
  if (isStatusOfType) return row.terminal ?? undefined
  return terminals.get(`${type} ${row.family}`) ?? terminals.get(type)
}
