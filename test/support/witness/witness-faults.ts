/** The faults that a test sets, and the calls that they affect. */
import type { Chance } from './witness-random.ts'
import { faultOf, parse } from './witness-answers.ts'
import { kindAt, markIn } from './witness-kinds.ts'
import type { Call, Effect, Match } from './witness-types.ts'

interface SuspectedFault {
  match: Match
  times: number
  rate: number
  effect: Effect
}

export class Faults {
  readonly #chance: Chance
  #faults: SuspectedFault[] = []

  constructor(chance: Chance) {
    this.#chance = chance
  }

  add(fault: SuspectedFault): void {
    this.#faults.push(fault)
  }

  clear(): void {
    this.#faults = []
  }

  /** The fault for this call. Each fault happens as often as the test said. */
  take(call: Call): Effect | undefined {
    const at = this.#faults.findIndex(
      ({ match, rate }) => isMeant(call, match) && this.#chance.isHit(rate)
    )
    const fault = this.#faults[at]
    if (!fault) return undefined
    fault.times -= 1
    if (fault.times <= 0) this.#faults.splice(at, 1)
    return fault.effect
  }
}

function isMeant(call: Call, match: Match): boolean {
  const { method, path, account, mark, isCreation } = match
  if (method !== undefined && method !== call.method) return false
  if (path?.endsWith('*') && !call.path.startsWith(path.slice(0, -1))) return false
  if (path !== undefined && !path.endsWith('*') && path !== call.path) return false
  if (account !== undefined && emailOf(account) !== call.account) return false
  if (mark !== undefined && markIn(call.body) !== mark) return false
  return isCreation === undefined || startsJob(call) === isCreation
}

function startsJob({ method, path, body }: Call): boolean {
  const kind = kindAt(path)
  return method === 'POST' && kind !== undefined && faultOf(kind, parse(body)) === undefined
}

export function emailOf(name: string): string {
  return name.includes('@') ? name : `${name}@example.com`
}
