/** A running simulator with its remote control, for the tests of the simulator itself. */
import { runWorker } from '../../scripts/lib/run-worker.ts'
import { until } from '../support/gateway.ts'
import { SIMULATOR } from '../support/renewed/entries.ts'
import { takeWorker } from '../support/renewed/renewed.ts'

// Bodies are looked into by tests only; a wrong member shows there at once.
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = Record<string, any>

export type CallOptions = {
  key?: string
  body?: unknown
  headers?: Record<string, string>
}

export async function openSimulator(
  options: { persist?: string; vars?: Record<string, string>; isAlone?: boolean } = {}
) {
  const { persist, vars = {}, isAlone = false } = options
  const common = { config: 'simulator/wrangler.toml', name: 'simulator', vars }
  const worker =
    isAlone || persist !== undefined
      ? await runWorker({ ...common, ...(persist === undefined ? {} : { persist }) })
      : await takeWorker({ ...common, entry: SIMULATOR })
  const send = (
    method: string,
    path: string,
    { key = 'sk_sim_ann', body, headers }: CallOptions = {}
  ) =>
    fetch(worker.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(key ? { 'x-api-key': key } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  const call = async (method: string, path: string, sent?: CallOptions) => {
    const answer = await send(method, path, sent)
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Json }
  }
  const sim = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const answer = await fetch(`${worker.url}/__sim/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Json
  }
  /** Moves the clock, also back. What falls due is done before it returns, webhooks included. */
  const pass = (ms: number) => sim('POST', 'clock', { advanceMs: ms })
  const account = async (email: string): Promise<Json> => {
    const { accounts } = await sim('GET', `state?jobs=none&account=${email}`)
    return accounts[0]
  }
  return {
    ...worker,
    get pid() {
      return worker.pid
    },
    send,
    call,
    sim,
    pass,
    account,
  }
}

/** An Idempotency-Key that nobody has used. */
export function newKey(): string {
  return crypto.randomUUID()
}

export const VIDEO = {
  type: 'avatar',
  avatar_id: 'Abigail_expressive_2024112501',
  voice_id: '1bd001e7e50f421d891986aad5158bc8',
  script: 'Hello there.',
}

export const V2_VIDEO = {
  video_inputs: [
    {
      character: { type: 'avatar', avatar_id: VIDEO.avatar_id },
      voice: { type: 'text', voice_id: VIDEO.voice_id, input_text: 'Hi' },
    },
  ],
}

/** For what happens by itself, without the clock being moved: however slow the machine is. */
export function soon<T>(what: () => Promise<T | false | undefined>): Promise<T> {
  return until(what)
}
