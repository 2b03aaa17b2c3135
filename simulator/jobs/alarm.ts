/** What happens without a request: jobs end, sessions are closed, webhooks go out. */
import { sendDue } from '../events/deliveries.ts'
import type { State } from '../state/state.ts'
import { settleDue } from './jobs.ts'

export function runAlarm(state: State): void {
  state.alarmRang()
  settleDue(state)
  // Not awaited: a slow receiver must not hold up the next alarm.
  state.ctx.waitUntil(sendDue(state))
  state.wakeAt(state.nextDueAt)
  state.keepAwake()
}

export async function settleAndSend(state: State): Promise<void> {
  settleDue(state)
  state.wakeAt(state.nextDueAt)
  await sendDue(state)
}
