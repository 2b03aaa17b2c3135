/** Says how long the object of a removed account keeps the credential for its last jobs and deliveries: 48 hours at most. */
import { credentialKeptUntil, removalStateOf, type RemovalState } from '#domain/accounts/removal.ts'
import type { AccountContext } from './context.ts'

export class RemovedAccount {
  readonly #context: AccountContext
  readonly #isDelivered: () => boolean

  /** `isDelivered`: whether no delivery is pending. */
  constructor(context: AccountContext, isDelivered: () => boolean) {
    this.#context = context
    this.#isDelivered = isDelivered
  }

  /** Until when the credential is kept, epoch ms. Undefined: the account was not removed, or its credential is wiped. */
  keepsUntil(): number | undefined {
    const { tables, durations } = this.#context
    return tables.account() && credentialKeptUntil(tables.retiredAt(), durations())
  }

  isDone(): boolean {
    return this.#context.tables.isRetired() && this.#state() === 'done'
  }

  isOverdue(): boolean {
    return this.#state() === 'overdue'
  }

  #state(): RemovalState {
    const { tables, now, durations } = this.#context
    const facts = {
      removedAt: tables.retiredAt(),
      hasCredential: tables.account() !== undefined,
      leases: tables.leases().length,
      isDelivered: this.#isDelivered(),
    }
    return removalStateOf(facts, now(), durations())
  }
}
