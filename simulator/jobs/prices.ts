/** What creations cost, and who can pay it. */
import type { Account } from '../state/types.ts'

/** What a creation costs: 1, or what a mark `[price=10]` in its body says. */
export function priceOf(text: string): number {
  return Number(/\[price=(\d+)\]/.exec(text)?.[1] ?? 1)
}

export function canPay({ credits }: Account, price: number): boolean {
  return credits === null || (credits > 0 && credits >= price)
}
