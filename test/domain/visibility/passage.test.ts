/** Which rows and ids an own token may use (docs/rfc/0010-sees-own.md). */
import { expect, test } from 'vitest'
import { mayPass, type Standing } from '#domain/visibility/may-pass.ts'
import { detailOf, listOfMade } from '#domain/visibility/own-list.ts'
import { passageOf, type RowFacts } from '#domain/visibility/passage.ts'
import { PROVIDERS } from '#providers/index.ts'
import { REFUSED, WITH_BODY } from './rows.ts'

const PLACE = { isAdded: false, isClosed: false, isListed: false, isListable: false }
const KINDS = [
  'creates-job',
  'sync-generation',
  'job-status',
  'read-account',
  'write-account',
  'read-shared',
  'streaming-session',
  'a-kind-of-tomorrow',
]
const POOLS = ['any', 'owner', 'home', 'roomy', 'merge', 'sum', 'split', 'gateway', 'of-tomorrow']

function row(more: Partial<RowFacts>): RowFacts {
  return { kind: 'read-account', pool: 'any', ids: [], creates: [], ...more }
}

const ROWS = PROVIDERS.flatMap((provider) =>
  provider.routes.table.map((route) => ({
    name: `${route.method} ${route.path}`,
    route,
    passage: passageOf(route, {
      isAdded: false,
      isClosed: provider.routes.closedToOwn?.(route) !== undefined,
      isListed: provider.lists.shapeOf(route) !== undefined,
      isListable: detailOf(provider.routes.table, route) !== undefined,
    }),
  }))
)

test('a path without a row and a row that the operator added are not there for an own token', () => {
  expect(passageOf(undefined, PLACE)).toBe('absent')
  for (const kind of KINDS)
    expect(passageOf(row({ kind }), { ...PLACE, isAdded: true })).toBe('absent')
})

test('a row that names nothing and makes nothing is about whole accounts, whatever its kind and pool', () => {
  const passed = KINDS.flatMap((kind) =>
    POOLS.map((pool) => [kind, pool, passageOf(row({ kind, pool }), PLACE)] as const)
  ).filter(([, , passage]) => passage !== 'whole')
  const open = passed.filter(
    ([kind, pool]) => kind !== 'read-shared' && pool !== 'gateway' && pool !== 'split'
  )
  expect(open.map(([kind]) => kind)).toEqual(
    // What makes something for the token, on whichever account.
    ['creates-job', 'sync-generation'].flatMap((kind) =>
      POOLS.filter((pool) => !['merge', 'sum', 'split', 'gateway'].includes(pool)).map(() => kind)
    )
  )
})

test('a list passes only as one of own things, and a closed row never', () => {
  const list = row({ pool: 'merge' })
  expect(passageOf(list, { ...PLACE, isListed: true })).toBe('whole')
  expect(passageOf(list, { ...PLACE, isListed: true, isListable: true })).toBe('list')
  const named = row({ kind: 'creates-job', ids: [{ required: true }] })
  expect(passageOf(named, PLACE)).toBe('ids')
  expect(passageOf(named, { ...PLACE, isClosed: true })).toBe('closed')
})

test('each row of the tables with a body was looked at, and so was each that is refused', () => {
  const named = (isWanted: (one: (typeof ROWS)[number]) => boolean) =>
    ROWS.filter((one) => isWanted(one))
      .map(({ name }) => name)
      .toSorted()
  const withBody = named(
    ({ passage, route }) =>
      passage === 'ids' && (route.method === 'POST' || route.method.startsWith('P'))
  )
  expect(withBody).toEqual(WITH_BODY.toSorted())
  expect(named(({ passage }) => passage === 'whole' || passage === 'closed')).toEqual(
    REFUSED.toSorted()
  )
})

test('an own id passes everywhere, and an unknown one nowhere [I5]', () => {
  for (const kind of KINDS) {
    for (const required of [true, false]) {
      for (const mayBeShared of [true, false]) {
        const place = { resource: 'video', required, mayBeShared }
        expect(mayPass(kind, place, 'own')).toBe('passes')
        expect(mayPass(kind, place, 'none')).toBe('absent')
      }
    }
  }
})

test.each<[string, string, boolean, boolean, Standing, string]>([
  ['write-account', 'video', true, true, 'public', 'absent'],
  ['write-account', 'video', true, false, 'granted', 'granted'],
  ['read-account', 'video', true, false, 'public', 'absent'],
  ['job-status', 'avatar-look', true, true, 'public', 'passes'],
  ['creates-job', 'avatar-look', false, true, 'public', 'passes'],
  ['creates-job', 'avatar-look', true, false, 'granted', 'granted'],
  ['creates-job', 'avatar-group', false, false, 'granted', 'granted'],
  ['creates-job', 'template', true, false, 'granted', 'passes'],
  ['creates-job', 'asset', false, false, 'granted', 'passes'],
  ['creates-job', 'proofread', true, false, 'granted', 'granted'],
  ['streaming-session', 'streaming-session', true, false, 'granted', 'granted'],
  ['sync-generation', 'voice', true, true, 'granted', 'passes'],
  ['job-status', 'video', true, false, 'granted', 'passes'],
])(
  'in a %s a %s (required %s, perhaps public %s) that is %s: %s',
  (kind, resource, required, mayBeShared, standing, passage) => {
    expect(mayPass(kind, { resource, required, mayBeShared }, standing)).toBe(passage)
  }
)

test('what an answer names as made is kept under the list that shows it', () => {
  const listOf = (provider: string, method: string, path: string, pointer: string) => {
    const { routes } = PROVIDERS.find(({ name }) => name === provider) ?? {}
    const made = routes?.table.find((one) => one.method === method && one.path === path)
    return routes && made && listOfMade(routes.table, made, pointer)
  }
  const cases: [string, string, string, string, string][] = [
    ['heygen', 'POST', '/v3/videos', '/data/video_id', '/v3/videos'],
    ['heygen', 'POST', '/v2/video/generate', '/data/video_id', '/v3/videos'],
    ['heygen', 'POST', '/v2/videos', '/data/video_id', '/v3/videos'],
    [
      ...(['heygen', 'POST', '/v2/video_translate', '/data/video_translate_id'] as const),
      '/v3/video-translations',
    ],
    ['heygen', 'POST', '/v3/assets', '/data/asset_id', '/v3/assets'],
    ['heygen', 'POST', '/v3/assets/direct-uploads', '/data/asset_id', '/v3/assets'],
    ['heygen', 'POST', '/v3/avatars', '/data/avatar_group/id', '/v3/avatars'],
    ['heygen', 'POST', '/v3/avatars', '/data/avatar_item/id', '/v3/avatars/looks'],
    ['heygen', 'POST', '/v3/templates/{template_id}', '/data/id', '/v3/videos'],
    ['heygen', 'POST', '/v3/templates', '/data/id', '/v3/templates'],
    ['heygen', 'GET', '/v3/lipsyncs/batches/{batch_id}', '/data/items/*/video_id', '/v3/lipsyncs'],
    ['heygen', 'GET', '/v3/ai-clipping/{job_id}', '/data/clips/*/id', ''],
    ['heygen', 'GET', '/v3/video-agents/{session_id}/videos', '/data/*/id', '/v3/videos'],
    ['heygen', 'GET', '/v2/avatar_group/{group_id}/avatars', '/data/avatar_list/*/id', ''],
    ['kling', 'POST', '/v1/videos/text2video', '/data/task_id', '/v1/videos/text2video'],
    ['kling', 'GET', '/v1/videos/text2video/{id}', '/data/task_result/videos/*/id', ''],
  ]
  for (const [provider, method, path, pointer, list] of cases)
    expect([path, listOf(provider, method, path, pointer)]).toEqual([path, list])
})
