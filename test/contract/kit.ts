/** What the contract suite has to know of a provider: how it is called, and what the simulator plays of it. */
import { expect } from 'vitest'
import type { Gateway } from '../support/gateway.ts'

export interface JobWish {
  /** The client's own id of the job, by which a lost one is found. */
  name?: string
  callback?: string
}

export const ANY_TEXT = expect.stringMatching(/./) as string

type Effect = Record<string, unknown>

export interface ProviderKit {
  name: string
  /**
   * Under one provider `npm test` also kills workerd, doubles what is told in a storm, and loses answers by a 5xx. What follows is
   * decided in code that all providers share. `npm run test:full` does so under each.
   */
  isStormed: boolean
  /** `<name>@example.com` at the simulator, with room for any number of jobs. */
  addAtProvider(gateway: Gateway, name: string): Promise<void>
  /** The credential of that account, as POST /accounts takes it. */
  credentialOf(name: string): Record<string, string>
  /** Resolves when the provider would tell us of this account's jobs. */
  isHeard(gateway: Gateway, name: string): Promise<unknown>
  /** A creation of one job, as the provider has it. */
  creation: { path: string; body(wish: JobWish): object }
  /** Where its status is read, and the word for it in the answer. */
  statusPath(id: string): string
  statusIn(answer: unknown): string | undefined
  words: { done: string; failed: string }
  /** An id that looks like a job's and is nobody's. */
  unknownId: string
  /** Pages through the list of these jobs. */
  list: { pagePath(page: number): string; idsIn(answer: unknown): string[] }
  /** Answers to a creation that another account may take. */
  refusals: Record<string, Effect>
  /** Our own errors as its clients parse them. */
  errorShape(code: 'slots_full' | 'no_accounts' | 'account_unavailable'): object
  /** What a delivery says of the job that ended. */
  endIn(body: string): { id: string | undefined; isDone: boolean }
}
