/** What happens without anybody calling: jobs end, sessions fall asleep, webhooks go out. */
import { sendDue } from '../events/deliveries.ts'
import { settleDue } from './jobs.ts'
import type { State } from '../state/state.ts'

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
