/** Sabotages that put old code back: faults that the simulation found. A plan of `sim/found/` finds each of them again. */
import type { Written } from './written.ts'

export const FOUND: readonly Written[] = [
  {
    name: 'former holder',
    harm: "the event of a former holder's lost creation is told to the present holder",
    breaks: ['I5'],
    file: 'src/durable/account/incoming-events.ts',
    from: '!this.#mayBeOfFormerHolder()',
    to: '(!this.#mayBeOfFormerHolder() || event.id.length > 0)',
  },
  {
    name: 'unnamed key',
    harm: 'a new key that HeyGen does not name moves an account into a second object',
    breaks: ['I1', 'I3', 'I4'],
    file: 'src/flows/accounts/add-account.ts',
    from: 'if (isNamed(key)) return\n',
    to: "if (isNamed(key) || key !== '') return\n",
  },
  {
    name: 'unreadable delivery',
    harm: 'a delivery that cannot be read is tried again at once, without end',
    breaks: ['error', 'I2', 'the plan has no end'],
    file: 'src/durable/account/outbox.ts',
    from: 'nextAt: failure.at + UNREADABLE_MS }',
    to: 'nextAt: failure.at + 0 * UNREADABLE_MS }',
  },
  {
    name: 'removed desk',
    harm: 'the desk of a removed tenant empties itself at every alarm, which sets the next one',
    breaks: ['I2 TENANT_DESK'],
    file: 'src/durable/tenant-desk.ts',
    from: 'if (!hasAccounts && !isLast) return',
    to: 'if (!hasAccounts && !isLast && now < lastAt) return',
  },
  {
    name: 'keys kept',
    harm: 'idempotency keys of a desk that nothing else wakes are kept for 90 days',
    breaks: ['growth'],
    file: 'src/durable/creation-methods.ts',
    from: "if (turn.kind === 'fresh') this.armIn(KEEP_KEYS_MS)",
    to: "if (turn.kind === 'fresh') this.armIn(15 * KEEP_KEYS_MS)",
  },
]
