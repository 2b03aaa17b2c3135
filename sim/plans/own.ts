/**
 * Own tokens in plans of the line (docs/rfc/0010-sees-own.md): two customers of one tenant queue beside everything else, and spy on each
 * other. Their questions of chance have names of their own, so nothing else in a plan is another because of them.
 */
import { Chance } from '../world/chance.ts'
import type { Plan } from './plan.ts'

export function withOwnTokens(plan: Plan): Plan {
  const chance = new Chance(plan.seed)
  if (plan.isMeasured === true || !chance.isHit('own tokens', 0.6)) return plan
  const marks = Array.from({ length: 8 }, (_, n) => `mark-${plan.seed}-${950 + n}`)
  const step = {
    after: 0.4 * chance.next('own tokens when') * plan.rageMs,
    action: {
      ...{ do: 'own tokens' as const, tenant: chance.index('own tokens of', plan.tenants.length) },
      marks,
    },
  }
  const steps = [...plan.steps, step].toSorted((one, other) => one.after - other.after)
  return { ...plan, steps }
}
