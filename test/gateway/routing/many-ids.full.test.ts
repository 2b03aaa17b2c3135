/** What one body of very many ids costs whoever else is served by the same isolate. */
import { afterAll, expect, test } from 'vitest'
import { openStoodIn } from '../../support/stand-in.ts'

const { gateway, standIn, close } = await openStoodIn({
  accounts: { ann: 9, bob: 9 },
  vars: { LEGACY: 'pass' },
})
afterAll(close)

const IDS = 20_000
const ALLOWED_MS = 50

standIn.answer = ({ method }) =>
  method === 'POST' ? { body: { data: { video_id: crypto.randomUUID() } } } : undefined

/** The neighbour's longest read, one after the other, while the work is done. */
async function longestRead(
  neighbour: typeof gateway,
  work: () => Promise<unknown>
): Promise<number> {
  const state = { isOver: false }
  let longest = 0
  const reading = async () => {
    do {
      const began = performance.now()
      const answer = await neighbour.fetch('/heygen/v3/users/me')
      await answer.body?.cancel()
      longest = Math.max(longest, performance.now() - began)
    } while (!state.isOver)
  }
  const read = reading()
  await work().finally(() => (state.isOver = true))
  await read
  return longest
}

test('another tenant’s read is not slowed by twenty thousand ids in one body', async () => {
  const neighbour = gateway.as((await gateway.newToken()).token)
  await neighbour.addAccount('eve', 9)
  const pause = (ms: number) => () => new Promise((resolve) => setTimeout(resolve, ms))
  // What cannot be slowed by us: reading the body's bytes and JSON, which a body of as much text costs as well.
  const spans: Record<string, number[]> = { alone: [], text: [], ids: [] }
  const send = (body: string) => async () => {
    const answer = await gateway.fetch('/heygen/v2/video/generate', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.status).toBeLessThan(500)
    await answer.text()
  }
  const bodyOf = (id: () => string) =>
    JSON.stringify({
      video_inputs: Array.from({ length: IDS }, () => ({
        voice: { type: 'audio', audio_asset_id: id() },
      })),
    })
  const least = (name: string) => Math.min(...(spans[name] ?? []), Infinity)
  const slowedBy = () => least('ids') - least('alone')
  // A busy machine can only add: where the promise holds, one round shows it.
  for (let round = 0; round < 8 || (round < 40 && slowedBy() > ALLOWED_MS); round += 1) {
    spans.alone?.push(await longestRead(neighbour, pause(300)))
    spans.text?.push(await longestRead(neighbour, send(bodyOf(() => ''))))
    spans.ids?.push(await longestRead(neighbour, send(bodyOf(() => crypto.randomUUID()))))
  }
  const told = Object.keys(spans).map((name) => `${name} ${Math.round(least(name))}`)
  console.log(`the neighbour’s longest read in ms, the least of the rounds: ${told.join(', ')}`)
  expect(slowedBy()).toBeLessThanOrEqual(ALLOWED_MS)
})
