/** Generations that are answered in the call itself. They are in flight while the call runs. */
import { mediaUrl } from '../../answers/links.ts'
import { countStart } from '../../jobs/counts.ts'
import { pause } from '../../state/clock.ts'
import { newId } from '../../state/ids.ts'
import type { Doc } from '../../text/json.ts'
import { type Call, type Reply, reply } from '../answers/call.ts'
import { envelopeData, localise, withData } from '../answers/fill.ts'
import { billCall } from '../bill/paid.ts'
import { assertConcurrency, assertSpeechRate } from './limits.ts'

export async function runSync(call: Call, finish: () => Reply): Promise<Reply> {
  const { state, account } = call
  addRunning(call, 1)
  countStart(state, account, 'sync')
  try {
    await pause(state.settings.syncMs)
    return finish()
  } finally {
    addRunning(call, -1)
  }
}

function addRunning({ state, account }: Call, by: number): void {
  state.syncCalls.set(account.email, (state.syncCalls.get(account.email) ?? 0) + by)
}

/** That a synchronous generation above the concurrency is refused like a job is a [guess]. */
export function generate(call: Call): Promise<Reply> {
  assertSpeechRate(call)
  assertConcurrency(call, 1)
  billCall(call, [null])
  return runSync(call, () => {
    const example = call.row.responseExample
    if (typeof example === 'string') {
      return { status: 200, body: new Uint8Array(4096), headers: { 'content-type': 'audio/mpeg' } }
    }
    const data = localise(envelopeData(example), call.site) as Doc
    if ('request_id' in data) data.request_id = newId('request')
    if ('audio_url' in data) data.audio_url = mediaUrl(call.site, `${newId('asset')}.mp3`)
    return reply(call, withData(example, data))
  })
}
