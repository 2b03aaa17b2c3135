/** Callbacks: the bare task to the address of its creation, signed when the account has a Webhook Secret. */
import { enqueue } from '../../events/deliveries.ts'
import type { State } from '../../state/state.ts'
import type { Job, KlingAccount } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { toWire } from '../answers/big-integers.ts'
import { newNumber, taskDoc } from '../tasks/task.ts'
import { toNew, toV1 } from '../tasks/views.ts'

/** The shape follows the path that created the task; for one v1 case that is a [guess]. */
function toBody(state: State, job: Job): Doc {
  return taskDoc(job).path.startsWith('/v1/') ? toV1(state, job) : toNew(state, job)
}

export function sendCallback(state: State, account: KlingAccount, job: Job): void {
  send(state, account, job, { body: toBody(state, job), afterMs: 0 })
}

/** Made in advance, and sent when the task is being processed. */
export function scheduleProcessing(state: State, account: KlingAccount, job: Job): void {
  if (state.settings.klingCallbacks === 'end') return
  const { processingAt } = taskDoc(job)
  const shown = toBody(state, job)
  const [status, time] = 'id' in shown ? ['status', 'update_time'] : ['task_status', 'updated_at']
  const body = { ...shown, [status]: 'processing', [time]: processingAt }
  send(state, account, job, { body, afterMs: Math.max(0, processingAt - state.now()) })
}

/** A task that ends before it is processed sends no callback about processing. */
export function cancelProcessing(state: State, job: Job): void {
  if (!job.callbackUrl || state.now() >= taskDoc(job).processingAt) return
  const pending = [...state.deliveries.values()].filter(
    (each) => each.endpointId === job.id && each.attempts === 0 && each.state !== 'delivered'
  )
  for (const each of pending) state.deliveries.delete(each.key)
}

type Sent = { body: Doc; afterMs: number }

function send(state: State, account: KlingAccount, job: Job, { body, afterMs }: Sent): void {
  if (!job.callbackUrl || state.settings.webhooks === 'off') return
  const secrets = account.kling.webhookSecrets
  enqueue(state, {
    provider: 'kling',
    account: account.email,
    url: job.callbackUrl,
    eventId: newNumber(state),
    eventType: `kling.${String(body.status ?? body.task_status)}`,
    body: toWire(body),
    secret: secrets.length > 0 ? secrets.join(' ') : null,
    endpointId: job.id,
    afterMs,
  })
}
