/** Asks the simulated HeyGen under a key that it has not seen, and expects a refusal that leaves no trace. */
import { expect } from 'vitest'
import { CATALOGUE } from '../../support/catalogue/catalogue.ts'
import { newKey, type openSimulator } from '../open-simulator.ts'

export async function askUnderFreshKey(
  simulator: Awaited<ReturnType<typeof openSimulator>>,
  name: string,
  probe: unknown
): Promise<void> {
  const email = 'asked@sim.example'
  await simulator.sim('POST', 'accounts', { email, examples: true })
  const before = (await simulator.account(email)).jobsStarted
  const row = CATALOGUE.find((one) => `${one.method} ${one.path}` === name)
  if (!row) throw new Error(`no row ${name}`)
  const path = row.path.replace(/\{(\w+)\}/g, (_, at: string) => row.pathExample[at] ?? '')
  const answer = await simulator.call(row.method, path, {
    key: 'sk_sim_asked',
    body: probe,
    headers: { 'idempotency-key': newKey() },
  })
  expect(answer.status, JSON.stringify(answer.body)).toBe(400)
  expect((await simulator.account(email)).jobsStarted).toBe(before)
}
