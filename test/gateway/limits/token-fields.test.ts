/** Limits of tokens: set, shown, changed, taken away, written to the audit and the log, and moved to another gateway. */
import { expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { ADMIN_TOKEN, type Gateway } from '../../support/gateway.ts'

const open = gatewaysOfFile()
const gateway = await open({ accounts: { a: 1 } })

const LIMITS = {
  whenFull: 'queue',
  weight: 30,
  maxPriority: 2,
  maxQueued: 0,
  maxConcurrent: 5,
  jobsPerDay: 100,
  requestsPerMinute: 120,
  routes: ['read', 'jobs'],
}
const NONE = Object.fromEntries(Object.keys(LIMITS).map((name) => [name, null]))

async function shown(id: string, on: Gateway = gateway): Promise<object> {
  return (await (await on.admin('GET', `/tokens/${id}`)).json()) as object
}

test('a token shows every limit, null where none is set, at each of its answers', async () => {
  const plain = await gateway.newToken({ name: 'plain' })
  expect(plain).toMatchObject(NONE)
  const made = await gateway.newToken({
    name: 'limited',
    ...LIMITS,
    routes: ['jobs', 'read', 'jobs'],
  })
  expect(made).toMatchObject(LIMITS)
  expect(await shown(plain.id)).toMatchObject(NONE)
  expect(await shown(made.id)).toMatchObject(LIMITS)
  const { tokens } = (await (await gateway.admin('GET', '/tokens')).json()) as {
    tokens: { id: string }[]
  }
  expect(tokens.find(({ id }) => id === made.id)).toMatchObject(LIMITS)
})

test('a change touches what it names; null takes a limit away', async () => {
  const { id } = await gateway.newToken({ ...LIMITS, expiresAt: '2099-01-01T00:00:00Z' })
  const change = async (body: object) =>
    (await gateway.admin('PATCH', `/tokens/${id}`, body)).json()
  expect(await change({ weight: 1 })).toMatchObject({ ...LIMITS, weight: 1 })
  const less = { maxConcurrent: null, routes: null }
  expect(await change(less)).toMatchObject({ ...LIMITS, weight: 1, ...less })
  expect(await change(NONE)).toMatchObject({ ...NONE, expiresAt: '2099-01-01T00:00:00.000Z' })
  expect(await change(LIMITS)).toMatchObject(LIMITS)
  expect(await shown(id)).toMatchObject(LIMITS)
})

test('a wrong limit is refused by its name, with what is allowed, and changes nothing', async () => {
  const { id } = await gateway.newToken(LIMITS)
  const wrong: [object, string][] = [
    [{ whenFull: 'wait' }, 'whenFull: must be one of refuse, queue'],
    [{ weight: 0 }, 'weight: must be an integer from 1 to 100'],
    [{ weight: 1.5 }, 'weight: must be an integer from 1 to 100'],
    [{ maxPriority: 6 }, 'maxPriority: must be an integer from 1 to 5'],
    [{ maxQueued: -1 }, 'maxQueued: must be an integer from 0 to 10000'],
    [{ maxConcurrent: '0' }, 'maxConcurrent: must be an integer from 1 to 500'],
    [{ jobsPerDay: 100_001 }, 'jobsPerDay: must be an integer from 1 to 100000'],
    [{ requestsPerMinute: 100 }, 'requestsPerMinute: must be one of 30, 60, 120, 300, 600, 1200'],
    [{ routes: ['read', 'videos'] }, 'must be of read, write, uploads, jobs, speech, sessions'],
    [{ routes: [] }, 'routes: must have at least 1 members'],
    [{ maxJobs: 3 }, 'Unknown field maxJobs'],
  ]
  for (const [body, said] of wrong) {
    for (const answer of [
      await gateway.admin('PATCH', `/tokens/${id}`, body),
      await gateway.admin('POST', '/tokens', { name: 'wrong', ...body }),
    ]) {
      const text = await answer.text()
      expect([answer.status, text]).toEqual([400, expect.stringContaining(said)])
    }
  }
  expect(await shown(id)).toMatchObject(LIMITS)
})

test('numbers may come in a form', async () => {
  const form = new URLSearchParams({ name: 'form', weight: '7', requestsPerMinute: '60' })
  const answer = await fetch(`${gateway.url}/admin/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    body: form,
  })
  const made = (await answer.json()) as { token: string }
  gateway.secrets.push(made.token)
  expect(made).toMatchObject({ weight: 7, requestsPerMinute: 60 })
})

test('the audit and the log say which limits were set and which were taken away', async () => {
  const { id } = await gateway.newToken({ tenant: 'told', name: 'told', ...LIMITS })
  await gateway.admin('PATCH', `/tokens/${id}`, { weight: 1, jobsPerDay: null })
  const audit = (await (await gateway.admin('GET', '/audit?tenant=told')).json()) as {
    lines: { action: string; detail: object }[]
  }
  const [changed, made] = audit.lines.filter(({ action }) => action.startsWith('token.'))
  expect(made?.detail).toMatchObject(LIMITS)
  expect(changed?.detail).toEqual({ weight: 1, jobsPerDay: null })
  const logged = gateway.logs
    .filter((line) => line.includes('"token_made"') && line.includes(id))
    .map((line) => JSON.parse(line) as object)
  expect(logged).toEqual([expect.objectContaining(LIMITS)])
})

test('an export carries the limits, and an import sets them', async () => {
  const { id } = await gateway.newToken({ tenant: 'moved', ...LIMITS })
  const exported = await (await gateway.admin('GET', '/export?tenant=moved')).text()
  const other = await open({})
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const init = { method: 'POST', headers, body: exported }
  const imported = await fetch(`${other.url}/admin/import`, init)
  expect([imported.status, await imported.json()]).toMatchObject([200, { added: { tokens: 1 } }])
  expect(await shown(id, other)).toMatchObject(LIMITS)
})
