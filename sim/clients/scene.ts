/** What the clients of a plan and the checkers share. */
import type { Intention as CheckedIntention } from '../../test/support/storm/storm-checks.ts'
import type { Plan } from '../plans/plan.ts'
import type { Heygen } from '../witness/heygen.ts'
import type { Receivers } from '../witness/receivers.ts'
import type { ClientAnswer } from '../platform/isolates.ts'
import { ORIGIN, type Universe } from '../platform/universe.ts'

export interface Intention extends CheckedIntention {
  tenant: number
  /** The client has told the gateway to forget the job. */
  isUntracked: boolean
}

interface Tenant {
  token: string
  /** Of its endpoints, in their order. */
  secrets: string[]
  endpoints: number
}

/** What a plan's players share. */
export interface Scene {
  plan: Plan
  universe: Universe
  heygen: Heygen
  receivers: Receivers
  tenants: Tenant[]
  intentions: Map<string, Intention>
  /** Each answer that a tenant's client got. */
  answers: { tenant: number; about: string; answer: ClientAnswer }[]
  /** Accounts that were removed at once, whose jobs may run on. */
  dropped: Set<string>
  violations: string[]
}

export const RECEIVER = 'https://app.example.com'

export const JSON_TYPE = { 'content-type': 'application/json' }

/** A call with a tenant's token. Its answer is kept for the checkers. */
export async function ask(
  scene: Scene,
  tenant: number,
  method: string,
  path: string,
  body?: unknown
): Promise<ClientAnswer> {
  const answer = await scene.universe.call({
    method,
    url: ORIGIN + path,
    headers: { ...JSON_TYPE, authorization: `Bearer ${scene.tenants[tenant]?.token}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  scene.answers.push({ tenant, about: `${method} ${path}`, answer })
  return answer
}

export function emailOf(name: string): string {
  return `${name}@example.com`
}

export function keyOf(name: string): string {
  return `sk_sim_${name}_0123456789abcdef`
}
