/** The tests of rows: what a call of an own token names is another customer's, the agency's, or nobody's. */
import { beforeAll, expect, test } from 'vitest'
import { textsAt } from '#domain/text/json-pointer.ts'
import { PROVIDERS } from '#providers/index.ts'
import {
  callWith,
  kindOfRow,
  placesOf,
  titleOf,
  type ProviderRow,
  type Sent,
} from '../../support/catalogue/foreign-rows.ts'
import { oneOfEach } from '../../support/full.ts'
import { VIDEO, type Gateway } from '../../support/gateway.ts'
import { queued } from '../../support/queue/queued.ts'
import { addKling, T2V, TEXT2VIDEO } from '../../support/scenes/kling.ts'
import { addCustomer, shownOf, startVideo } from '../../support/scenes/tokens/own-tokens.ts'

/** What is nobody's, by provider. */
const NOBODYS = { heygen: '9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b99', kling: '987654321098765432' }

interface BulkAnswer {
  id?: string
  error?: string
  code?: string
}

export function hidesEveryRow(agency: Gateway, rows: readonly ProviderRow[]): void {
  const foreign = { heygen: '', kling: '' }
  /** Names of what waits in the line, for the other customer. */
  const waiting = { heygen: '', kling: '' }
  /** Texts of others, of which no answer may have any. */
  const needles: string[] = ['@example.com', 'of another customer', 'sk_test_']

  const errorOf = ({ headers }: Response) => headers.get('x-gateway-error')

  beforeAll(async () => {
    await addKling(agency, 'kim', { maxJobs: 50, sim: { examples: true } })
    await addKling(agency, 'kai', { maxJobs: 50 })
    const { at } = await addCustomer(agency)
    foreign.heygen = await startVideo(at, { title: 'of another customer' })
    const task = await at.post(T2V, { ...TEXT2VIDEO, prompt: 'of another customer' })
    foreign.kling = task.headers.get('x-gateway-job') ?? ''
    for (const name of ['heygen', 'kling'] as const)
      await agency.post(`/v1/${name}/queue/pause`, {})
    waiting.heygen = (await queued(at, '/heygen/v3/videos', VIDEO)).names[0] ?? ''
    waiting.kling = (await queued(at, T2V, TEXT2VIDEO)).names[0] ?? ''
    needles.push(foreign.heygen, foreign.kling, waiting.heygen, waiting.kling)
  })

  /** A token may cause thirty looks a minute, so each call has one of its own. */
  async function sendAs(at: Gateway, { path, ...init }: Sent): Promise<Response> {
    return at.fetch(path, init)
  }

  const NAMING = rows.filter((one) => placesOf(one).length > 0)
  const FREE = rows.filter((one) => placesOf(one).length === 0)
  const cases = (some: ProviderRow[]) =>
    oneOfEach(some, kindOfRow).map((one) => ({ name: titleOf(one), one }))

  /** The calls that changed or showed something at a provider. Lists of public rows are read for whoever asks. */
  async function sentUp(): Promise<string[]> {
    const isPublic = ({ path, method }: { path: string; method: string }) =>
      method === 'GET' && (/[?&](ownership|type)=public/.test(path) || path.includes('presets-'))
    const seen = await agency.sim.requests()
    return seen
      .filter((one) => !isPublic({ path: `${one.path}?${queryOf(one)}`, method: one.method }))
      .map(({ method, path }) => `${method} ${path}`)
  }

  function queryOf(request: unknown): string {
    const { query = '' } = request as { query?: string | Record<string, string> }
    return typeof query === 'string' ? query : new URLSearchParams(query).toString()
  }

  test.each(cases(NAMING))(
    '$name answers for foreign ids as for unknown ones, and sends nothing [I5]',
    async ({ one }) => {
      const { at } = await addCustomer(agency)
      const unknown = NOBODYS[one.provider]
      const none = await sendAs(at, await callWith(one, unknown))
      await agency.sim.forgetRequests()
      const other = foreign[one.provider]
      const theirs = await sendAs(at, await callWith(one, other))
      expect(theirs.status).toBeGreaterThanOrEqual(400)
      expect(theirs.status).toBeLessThan(500)
      const seenOfNone = await shownOf(none, unknown)
      expect(await shownOf(theirs, other)).toEqual(seenOfNone)
      const name = waiting[one.provider]
      const ofItem = await sendAs(at, await callWith(one, name))
      expect(await shownOf(ofItem, name)).toEqual(seenOfNone)
      if (namesPrivate(one)) {
        // What the example names is the agency's.
        const agencys = await sendAs(at, await callWith(one))
        expect([agencys.status, errorOf(agencys)]).toEqual([theirs.status, errorOf(theirs)])
      }
      await expectSameInBulk(at, one, [other, name, unknown], seenOfNone)
      expect(await sentUp()).toEqual([])
    }
  )

  /** As items of one bulk call: each is refused by itself, as its single call is, and what stands beside them is queued. */
  async function expectSameInBulk(
    at: Gateway,
    one: ProviderRow,
    ids: string[],
    single: unknown
  ): Promise<void> {
    if (one.row.method !== 'POST') return
    const calls = await Promise.all(ids.map((id) => callWith(one, id)))
    if (!calls.every(({ body }) => typeof body === 'string')) return
    const plain = { heygen: ['/v3/videos', VIDEO], kling: ['/v1/videos/text2video', TEXT2VIDEO] }
    const [path, body] = plain[one.provider]
    const items = calls.map((call) => ({
      path: call.path.slice(`/${one.provider}`.length),
      body: JSON.parse(String(call.body)) as object,
    }))
    const answer = await at.post(`/v1/${one.provider}/queue`, [...items, { path, body }])
    expect(answer.status).toBe(200)
    const { items: answers } = (await answer.json()) as { items: BulkAnswer[] }
    const last = answers.pop()
    expect(last?.id, JSON.stringify(last)).toBeDefined()
    const shown = answers.map((item, index) =>
      JSON.parse(JSON.stringify(item).replaceAll(ids[index] ?? '', '{id}'))
    ) as BulkAnswer[]
    expect(shown).toEqual(shown.map(() => shown[2]))
    const { error = '', code } = shown[2] ?? {}
    if (!error.includes('cannot be queued')) {
      const [, singleCode, ...rest] = single as string[]
      expect(code).toBe(singleCode)
      expect(rest.join(' ')).toContain(JSON.stringify(error).slice(1, -1))
    }
  }

  function namesPrivate(one: ProviderRow): boolean {
    return placesOf(one).some(({ required, mayBeShared }) => required && !mayBeShared)
  }

  test.each(cases(FREE))('$name shows nothing of others [I5]', async ({ one }) => {
    const { at } = await addCustomer(agency)
    const shown = await idsShownTo(agency, one)
    const answer = await sendAs(at, await callWith(one))
    const text = await answer.text()
    expect([200, 201, 202, 204, 400, 403, 404, 410, 501], text).toContain(answer.status)
    const said = text + JSON.stringify([...answer.headers])
    for (const needle of [...needles, ...shown]) expect(said).not.toContain(needle)
    await agency.sim.finishJobs()
  })

  /** What a list of the agency shows, if nothing in it is public. */
  async function idsShownTo(at: Gateway, one: ProviderRow): Promise<string[]> {
    const { routes } = PROVIDERS.find(({ name }) => name === one.provider) ?? {}
    const match = routes?.match(one.row.method, one.row.path)
    if (!match || match.route.mixesShared || match.route.lists.length === 0) return []
    const answer = await sendAs(at, await callWith(one))
    const json: unknown = await answer.json()
    return match.route.lists.flatMap((pointer) => textsAt(json, pointer))
  }
}
