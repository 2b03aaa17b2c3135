/** What happens without anybody calling: jobs end, sessions fall asleep, webhooks go out. */
import { sendDue } from './deliveries.ts'
import { settleDue } from './heygen/jobs.ts'
import type { State } from './state.ts'

export async function runAlarm(state: State): Promise<void> {
  state.alarmRang()
  await settleAndSend(state)
}

export async function settleAndSend(state: State): Promise<void> {
  settleDue(state)
  await sendDue(state)
}
