/** How jobs end. */
import type { Failure } from '../state/types.ts'

/** Cancelled and deleted jobs count as failed. */
export function isFailed(outcome: string): boolean {
  return outcome !== 'completed'
}

export const NO_CREDIT: Failure = {
  code: 'MOVIO_PAYMENT_INSUFFICIENT_CREDIT',
  message: 'Insufficient credit',
}

/** Images have the words of v3, and show them only when they are polled. */
export const NO_CREDIT_LATER: Failure = {
  code: 'insufficient_credit',
  message: 'Insufficient credits.',
}

export function toFailure(code?: string, message?: string): Failure {
  return { code: code ?? 'generation_failed', message: message ?? 'Generation failed' }
}
