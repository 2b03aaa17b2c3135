/**
 * The simulator's Worker. One object holds everything, so that it counts every call, whatever isolate the call arrives
 * in. The Worker itself only passes calls on.
 */
import { DurableObject } from 'cloudflare:workers'
import { handleRequest } from './app.ts'
import { readSunset } from './control/sunset.ts'
import { runAlarm } from './jobs/alarm.ts'
import { State } from './state/state.ts'

export type Env = {
  SIMULATOR: DurableObjectNamespace<Simulator>
  JOB_MS?: string
  SYNC_MS?: string
  SUNSET?: string
}

export class Simulator extends DurableObject<Env> {
  readonly #state: State

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#state = new State(ctx, {
      jobMs: toMs(env.JOB_MS, 1000),
      syncMs: toMs(env.SYNC_MS, 50),
      sunset: readSunset(env.SUNSET === 'true' || env.SUNSET) ?? {},
    })
    this.#state.keepAwake()
  }

  override async fetch(request: Request): Promise<Response> {
    const answer = await handleRequest(this.#state, request)
    await drain(request)
    return answer
  }

  override async alarm(): Promise<void> {
    runAlarm(this.#state)
  }
}

export default {
  fetch(request: Request, env: Env): Promise<Response> {
    return env.SIMULATOR.get(env.SIMULATOR.idFromName('simulator')).fetch(request)
  },
}

const DRAINED_BYTES_MAX = 1024 * 1024

/**
 * Reads what a call did not need of its body, as the servers in front of the provider do. Else workerd closes the connection with
 * the answer on its way, and the caller may see no answer.
 */
async function drain(request: Request): Promise<void> {
  if (request.body === null || request.bodyUsed) return
  let bytes = 0
  try {
    for await (const chunk of request.body) {
      bytes += (chunk as Uint8Array).byteLength
      if (bytes > DRAINED_BYTES_MAX) return
    }
  } catch {
    // The caller went away.
  }
}

function toMs(text: string | undefined, otherwise: number): number {
  const value = Number(text)
  return text && Number.isFinite(value) ? value : otherwise
}
