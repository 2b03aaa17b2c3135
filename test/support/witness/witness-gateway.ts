/** Opens a gateway whose HeyGen is the witness, with a clock that the test moves. Has helpers for tests about lost jobs. */
import { CLOCKED, clockOf, stopClock } from '../clock/clock.ts'
import { openGateway, until, type Gateway, type GatewayOptions } from '../gateway.ts'
import { LOOPBACK, signed } from '../scenes/hooked.ts'
import { Simulator } from '../simulator.ts'
import { Witness } from './witness.ts'
import type { WitnessOptions } from './witness-types.ts'
import { kindNamed, type WitnessKind } from './witness-kinds.ts'

export interface Witnessed {
  gateway: Gateway
  witness: Witness
  close(): Promise<void>
}

export interface WitnessedOptions extends GatewayOptions {
  witness?: WitnessOptions
  /** Whether the witness's events reach the gateway. */
  isHooked?: boolean
}

/** When it resolves, every account has its webhook. Unless `isHooked` is true, the witness keeps its events back. */
export async function openWitnessed(options: WitnessedOptions = {}): Promise<Witnessed> {
  const { witness: wanted, isHooked, ...others } = options
  const witness = await Witness.open(wanted)
  const simulator = new Simulator(witness.url, async () => undefined)
  const gateway = await openGateway({
    entry: CLOCKED,
    ...others,
    simulator,
    vars: { ...LOOPBACK, ...others.vars },
  })
  for (const name of Object.keys(options.accounts ?? {})) await hookAt(witness, name)
  if (!isHooked) witness.hooks.isHeld = true
  await stopClock(gateway)
  witness.stopAt((await clockOf(gateway)).now)
  const close = async () => {
    await gateway.dispose()
    await witness.close()
  }
  return { gateway, witness, close }
}

/** Waits for the webhook of an account. HeyGen has it a moment before the gateway has its secret. */
export async function hookAt(
  witness: Witness,
  name: string
): Promise<{ url: string; secret: string }> {
  return until(async () => {
    const [hook] = witness.account(name).endpoints
    if (!hook) return undefined
    const answer = await fetch(hook.url, {
      method: 'POST',
      body: '{}',
      headers: signed(hook.secret, '{}'),
    })
    await answer.body?.cancel()
    return answer.status === 204 && hook
  })
}

export async function create(
  gateway: Gateway,
  kind: WitnessKind | string,
  mark: string,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {}
): Promise<Response> {
  const { path, body } = typeof kind === 'string' ? kindNamed(kind) : kind
  return gateway.post(`/heygen${path}`, { ...body(mark), ...more }, headers)
}

export interface JobView {
  jobid: string | null
  status: string
  status_final: boolean
  detail: string | null
}

export async function viewOf(gateway: Gateway, id: string): Promise<JobView> {
  return (await (await gateway.fetch(`/v1/heygen/jobs/${id}`)).json()) as JobView
}
