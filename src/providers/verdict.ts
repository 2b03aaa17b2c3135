import type { ParkOrder } from '#domain/parking.ts'

/** What the provider's answer to a call means for the account that gave it. */
export type Verdict =
  | { kind: 'ok' }
  /** The caller's own mistake: the answer passes through. */
  | { kind: 'caller' }
  /** Surely not accepted; this account cannot, another may. Parks nothing. */
  | { kind: 'refused'; reason: string }
  /** Surely not accepted; the account is out for a while. `until` absent: the usual wait of `reason`. */
  | { kind: 'park'; order: ParkOrder }
  /** It may have been accepted. */
  | { kind: 'unsure' }

/** `until`: epoch ms; absent: the usual wait of `reason`. */
export function parked(
  scope: ParkOrder['scope'],
  reason: ParkOrder['reason'],
  detail: string,
  until?: number
): Verdict {
  return {
    kind: 'park',
    order: { scope, reason, detail, ...(until === undefined ? {} : { until }) },
  }
}
