/** Sabotages that put old code back: faults that the simulation found. */
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
    name: 'removed desk',
    harm: 'the desk of a removed tenant empties itself at every alarm, which sets the next one',
    breaks: ['I2 TENANT_DESK'],
    file: 'src/durable/tenant-desk.ts',
    from: 'if (!hasAccounts && !isLast) return',
    to: 'if (!hasAccounts && !isLast && now < lastAt) return',
  },
]
