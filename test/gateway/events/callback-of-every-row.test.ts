/** Every creation of the catalogue with a callback: ours goes up in its place, and the client is told. */
import { afterAll, expect, test } from 'vitest'
import { bodyOf, HTTP_ROWS, kindOf, nameOf, pathOf } from '../../support/catalogue/catalogue.ts'
import { oneOfEach } from '../../support/full.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { openHooked } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

/** Over when they are answered: nothing of them could be told, so their callback stays the client's own. */
const WITHOUT_STATUS = new Set([
  '/v1/personalized_video/add_contact',
  '/v2/photo_avatar/add_sound_effect',
])
/** Documented without a callback, and refused with one, as at HeyGen itself. */
const WITHOUT_CALLBACK = new Set(['/v3/models/images'])
const CREATIONS = HTTP_ROWS.filter(
  (row) => row.kind === 'creates-job' && !WITHOUT_CALLBACK.has(row.path)
)

const gateway = await openHooked(open, {
  accounts: { ann: 10 },
  simAccount: { examples: true },
  timeScale: 10,
})

test('the catalogue has 46 creations that take a callback', () => {
  expect(CREATIONS.length).toBe(46)
})

const isTold = (path: string) => !WITHOUT_STATUS.has(path)
const CASES = oneOfEach(CREATIONS, (row) => `${kindOf(row)} ${String(isTold(row.path))}`)

test.each(CASES.map((row) => ({ name: nameOf(row), row })))(
  '$name: the callback is replaced, every other byte goes up as it came, and the end is told',
  async ({ name, row }) => {
    await gateway.sim.control('POST', '/accounts', { email: 'ann@example.com', examples: true })
    const client = `${receiver.url}/${encodeURIComponent(name)}`
    const example = JSON.stringify((await bodyOf(row))?.json ?? {})
    const {
      callback_url: _,
      callback_id: __,
      ...rest
    } = JSON.parse(example) as Record<string, unknown>
    const members = JSON.stringify(rest).slice(1, -1)
    const text = `{ "callback_\\u0075rl" :  "${client}" ,"callback_id":"mine"${members && ','}${members} }`
    await gateway.sim.forgetRequests()
    const answer = await gateway.fetch(`/heygen${pathOf(row)}`, {
      method: row.method,
      body: text,
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.status, await answer.clone().text()).toBe(row.successStatus)
    const sent = (await gateway.sim.requests()).find((one) => one.method === row.method)
    const up = sent?.body ?? ''
    if (WITHOUT_STATUS.has(row.path)) {
      expect(up).toBe(text)
      return
    }
    expect(up).not.toContain(client)
    const [ours] = /http:[^"]*\/callbacks\/heygen\/[^"]*/.exec(up) ?? []
    expect(ours).toContain(gateway.url)
    expect(up.replace(String(ours), client)).toBe(text)
    await gateway.sim.finishJobs()
    const [told] = await receiver.heard(`/${encodeURIComponent(name)}`)
    const event = JSON.parse(told?.body ?? '') as { event_type: string }
    expect(event.event_type).toMatch(/\.(success|finished)$/)
  }
)
