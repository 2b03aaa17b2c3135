/** Every creation of the catalogues: what can be queued, and what its job is shown as until it begins and after. */
import { expect, test } from 'vitest'
import { markOf, namesOf, itemIdOf } from '#domain/queue/item-name.ts'
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import { PROVIDERS } from '#providers/index.ts'
import { Door } from '../../support/queue/door.ts'
import heygenRows from '../../../simulator/heygen/catalogue.json' with { type: 'json' }
import klingRows from '../../../simulator/kling/catalogue.json' with { type: 'json' }

interface Row {
  method: string
  path: string
  kind: string
  terminal: { statusPointer: string; pending: string[]; failed: string[] } | null
  pathExample: Record<string, string>
  requestExample: unknown
  responseExample: unknown
}

const ASYNC = { prefer: 'respond-async' }
const ROWS = { heygen: heygenRows, kling: klingRows } as unknown as Record<string, Row[]>

/** The creations that cannot be queued, with the reason. A new row is in neither list until somebody decides. */
const NOT_QUEUED: Record<string, string> = {
  '/v3/assets/complete/batches': 'its id comes from the request',
  '/v3/avatars': 'it answers a whole object',
  '/v3/avatars/looks': 'it answers whole objects',
  '/v3/video-agents': 'a conversation follows at once',
  '/v3/video-agents/{session_id}': 'a conversation follows at once',
}

const creations = Object.entries(ROWS).flatMap(([name, rows]) =>
  rows
    .filter(
      ({ kind, path }) =>
        kind === 'creates-job' && !/^\/v[12]\//.test(name === 'heygen' ? path : '')
    )
    .map((row) => ({ name: name as 'heygen' | 'kling', row }))
)

function providerOf(name: string) {
  const provider = PROVIDERS.find((one) => one.name === name)
  if (!provider) throw new Error(name)
  return provider
}

function filled({ path, pathExample }: Row): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, at: string) => pathExample[at] ?? 'x')
}

/** Without a name of the client's own, and for one job. */
function bodyOf({ requestExample }: Row): object {
  const {
    external_task_id: _,
    options,
    output_languages,
    ...body
  } = (requestExample ?? {}) as Record<string, unknown>
  const { external_task_id: __, ...rest } = (options ?? {}) as Record<string, unknown>
  return {
    ...body,
    ...(options === undefined ? {} : { options: rest }),
    ...(Array.isArray(output_languages) ? { output_languages: output_languages.slice(0, 1) } : {}),
  }
}

function statusRowOf(name: string, path: string): Row | undefined {
  const [pathname = ''] = path.split('?')
  const match = providerOf(name).routes.match('GET', pathname)
  return ROWS[name]?.find((row) => row.method === 'GET' && row.path === match?.route.path)
}

test.for(creations)(
  '$name: $row.path is queued in the words of its row, or is not by name',
  async ({ name, row }) => {
    const match = providerOf(name).routes.match('POST', filled(row))
    const form = match && providerOf(name).jobs.queueForm?.(match)
    if (NOT_QUEUED[row.path] !== undefined) return expect(form).toBeUndefined()
    if (!match?.route.job || !form) throw new Error('nobody has decided about this row')
    const place = [match.route.job.id].flat()[0] ?? ''
    const door = new Door({ provider: name, accounts: 1 })
    const made = await door.call('POST', `/${name}${filled(row)}`, bodyOf(row), { headers: ASYNC })
    expect(made.status).toBe(202)
    const answer: unknown = await made.json()
    const id = textAt(answer, place) ?? ''
    const example = textAt(row.responseExample, place) ?? ''
    expect(markOf(id)).toBeDefined()
    const [prefix = ''] = /^[a-z]+_/.exec(example) ?? []
    expect(id).toMatch(name === 'kling' ? /^8\d{18}$/ : new RegExp(`^${prefix}[0-9a-f]{32}$`))

    const ask = match.route.job.ask.replace('{id}', id)
    const waiting = await door.call('GET', `/${name}${ask}`)
    expect(waiting.status).toBe(200)
    const shown: unknown = await waiting.json()
    const status = statusRowOf(name, ask)
    if (!status?.terminal) throw new Error(`no status row for ${ask}`)
    expect(status.terminal.pending).toContain(textAt(shown, status.terminal.statusPointer))
    if (name === 'heygen') {
      const members = (of: unknown) => Object.keys(valueAt(of, '/data') as object).toSorted()
      expect(members(shown)).toEqual(members(status.responseExample))
    }

    await door.begin(['893605946402811985'])
    door.forgetIsolate()
    const said = JSON.stringify(status.responseExample)
    const at = namePlaces(shown, id)
    expect(at).toHaveLength(1)
    door.answer = () => Response.json(withId(JSON.parse(said), at[0] ?? '', '893605946402811985'))
    const running = await door.call('GET', `/${name}${ask}`)
    expect(door.sent.at(-1)?.path).toBe(match.route.job.ask.replace('{id}', '893605946402811985'))
    expect(textAt(await running.json(), at[0] ?? '')).toBe(id)
  }
)

/** Where the document has the text. */
function namePlaces(document: unknown, text: string, at = ''): string[] {
  if (document === text) return [at]
  if (typeof document !== 'object' || document === null) return []
  return Object.entries(document).flatMap(([key, value]) => namePlaces(value, text, `${at}/${key}`))
}

function withId(document: object, at: string, id: string): object {
  const keys = at.split('/').slice(1)
  const last = keys.pop() ?? ''
  const inner = keys.reduce((one, key) => (one as Record<string, unknown>)[key] as object, document)
  Object.assign(inner, { [last]: id })
  return document
}

test('every deletion of a job that can be queued is answered before its start, with the members of its row', () => {
  const heygen = providerOf('heygen')
  const [name = ''] = namesOf(itemIdOf('r', 1), 1, { kind: 'hex' })
  const shown = { item: name, names: [name], state: 'untold' as const, route: '', askedAt: 1 }
  const asks = creations
    .filter(({ row }) => NOT_QUEUED[row.path] === undefined)
    .map(({ row }) => heygen.routes.match('POST', filled(row))?.route.job?.ask)
  const deletions = (ROWS['heygen'] ?? []).filter(
    ({ method, path }) => method === 'DELETE' && asks.includes(path.replace(/\{\w+\}$/, '{id}'))
  )
  expect(deletions.length).toBeGreaterThan(5)
  for (const { path, responseExample } of deletions) {
    const match = heygen.routes.match('DELETE', path.replace(/\{\w+\}$/, name))
    const answer = match && heygen.jobs.showQueued?.(match, name, shown)
    const members = (of: unknown) => Object.keys((valueAt(of, '/data') ?? {}) as object).toSorted()
    expect([path, members(answer)]).toEqual([path, members(responseExample)])
  }
})

test('a bulk status shows jobs that wait beside those that run', async () => {
  const door = new Door({ accounts: 1 })
  const queue = async () => {
    const made = await door.call(
      'POST',
      '/heygen/v3/videos',
      { type: 'avatar' },
      { headers: ASYNC }
    )
    return textAt(await made.json(), '/data/video_id') ?? ''
  }
  const first = await queue()
  await door.begin(['real-1'])
  door.now += 1
  const second = await queue()
  const said = '{"data": [ {"video_id":"real-1","n":9007199254740993001} ],"has_more":false}'
  door.answer = () => new Response(said, { headers: { 'content-type': 'application/json' } })
  const both = await door.call('GET', `/heygen/v3/videos/statuses?video_ids=${second},${first}`)
  expect(door.sent.at(-1)?.path).toBe('/v3/videos/statuses?video_ids=real-1')
  const row = { batch_id: null, error: null, item_index: null, status: 'waiting', video_id: second }
  expect(await both.text()).toBe(
    `{"data": [ {"video_id":"${first}","n":9007199254740993001} ,${JSON.stringify(row)}],"has_more":false}`
  )
  door.sent.length = 0
  const one = await door.call('GET', `/heygen/v3/videos/statuses?video_ids=${second}`)
  expect(await one.json()).toEqual({ data: [row], has_more: false, next_token: null })
  expect(door.sent).toEqual([])
})

test('each HeyGen call that names a queued job is answered with its name, wherever the answer repeats the id', () => {
  const { routes, jobs } = providerOf('heygen')
  const isQueueable = new Set(
    creations.flatMap(({ name, row }) => {
      const match = name === 'heygen' ? routes.match('POST', filled(row)) : undefined
      const { job } = match && jobs.queueForm?.(match) ? match.route : {}
      const status = job && routes.match('GET', job.ask.replace('{id}', 'x'))
      return status?.route.ids.map(({ resource }) => resource) ?? []
    })
  )
  const left = (ROWS['heygen'] ?? []).flatMap((row) => {
    const match = row.method === 'WSS' ? undefined : routes.match(row.method, filled(row))
    if (!match) return []
    const { creates, lists, reports, ids } = match.route
    const places = [...creates, ...lists, ...(jobs.jobIdsAt?.(match) ?? [])]
    const inAnswer = /^answer:(.*)$/.exec(reports?.id ?? '')?.[1]
    const covered = [...places, ...(inAnswer === undefined ? [] : [inAnswer])]
    const named = ids.flatMap(({ resource, at, in: where }) => {
      const [example] = where === 'path' ? [row.pathExample[at]] : ['batch_abc123']
      return isQueueable.has(resource) && example !== undefined ? [example] : []
    })
    const repeated = named.flatMap((id) => namePlaces(row.responseExample, id))
    const missing = repeated.filter((at) => !covered.includes(at.replaceAll(/\/\d+/g, '/*')))
    return missing.map((at) => `${row.method} ${row.path} ${at}`)
  })
  expect(left).toEqual([])
})
