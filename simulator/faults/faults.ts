/** Faults that the control API sets: kept, and found for a call. */
import { happens, newHex } from '../state/random.ts'
import type { State } from '../state/state.ts'
import type { Fault, FaultEffect } from '../state/types.ts'

export type FaultTarget = {
  method: string
  path: string
  template: string
  kind: string
  account: string | null
  host: string
}

const EFFECTS = new Set<string>([
  'code',
  'latencyMs',
  'status',
  'body',
  'headers',
  'reset',
  'badJson',
  'truncate',
  'hang',
  'redirect',
] satisfies (keyof FaultEffect)[])

/** The first name that is not an effect. It is refused: a fault without effect would make a test pass for nothing. */
export function findUnknownEffect(effect: object): string | undefined {
  return Object.keys(effect).find((name) => !EFFECTS.has(name))
}

export function addFault(state: State, given: Partial<Fault>): Fault {
  return state.faults.put({
    key: newHex(4),
    match: given.match ?? {},
    times: given.times ?? null,
    probability: given.probability ?? 1,
    hits: 0,
    effect: given.effect ?? {},
  })
}

export function takeFault(state: State, target: FaultTarget): Fault | undefined {
  const fault = state.faults
    .values()
    .find((each) => matches(each, target) && happens(each.probability))
  if (!fault) return undefined
  fault.hits += 1
  if (fault.times !== null) {
    fault.times -= 1
    if (fault.times <= 0) {
      state.faults.delete(fault.key)
      return fault
    }
  }
  return state.faults.put(fault)
}

function matches({ match }: Fault, target: FaultTarget): boolean {
  // Links to files meet only faults that name them.
  if (target.host === 'files' && match.host !== 'files' && !match.path?.startsWith('/files'))
    return false
  if (match.method && match.method.toUpperCase() !== target.method) return false
  if (match.kind && match.kind !== target.kind) return false
  if (match.host && match.host !== target.host) return false
  if (match.account && match.account.toLowerCase() !== target.account) return false
  return !match.path || target.template === match.path || target.path.startsWith(match.path)
}
