/**
 * The gateway's Worker, which counts the alarms of its objects. `GET /__alarms` answers the alarms so far, by object, and how many
 * calls the Worker made. An entry for runWorker, never deployed.
 */
import worker, { AccountSlots as Slots, TenantDesk as Desk } from '../../../src/index.ts'

const alarms = new Map<string, number>()
let calls = 0

const realFetch = globalThis.fetch
globalThis.fetch = ((...args: Parameters<typeof fetch>) => {
  calls += 1
  return realFetch(...args)
}) as typeof fetch

function note(name: string, ctx: DurableObjectState): void {
  const id = `${name} ${ctx.id.toString().slice(0, 8)}`
  alarms.set(id, (alarms.get(id) ?? 0) + 1)
}

export class AccountSlots extends Slots {
  override alarm(): Promise<void> {
    note('account', this.ctx)
    return super.alarm()
  }
}

export class TenantDesk extends Desk {
  override alarm(): Promise<void> {
    note('desk', this.ctx)
    return super.alarm()
  }
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== '/__alarms') return worker.fetch(request, env, ctx)
    return Response.json({ alarms: Object.fromEntries(alarms), calls })
  },
} satisfies ExportedHandler<Env>
