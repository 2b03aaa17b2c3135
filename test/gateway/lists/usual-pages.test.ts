/** Lists of several accounts for a client that asks for no page size: a page is as long as the provider's, of all accounts. */
import { afterAll, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../support/gateway.ts'
import { addKling, T2V, TEXT2VIDEO, type Task } from '../../support/scenes/kling.ts'

const gateway = await openGateway({ simVars: { JOB_MS: '600000' } })
afterAll(() => gateway.dispose())
// HeyGen as it is documented: pages of ten videos.
await gateway.sim.settings({ strict: true })

interface Page {
  ids: string[]
  next: string | undefined
}

/** Each page until the last one. */
async function pagesOf(read: (next: string | undefined) => Promise<Page>): Promise<string[][]> {
  const pages: string[][] = []
  let next: string | undefined
  do {
    const page = await read(next)
    pages.push(page.ids)
    next = page.next
  } while (next !== undefined && pages.length < 20)
  return pages
}

async function videos(own: Gateway, next?: string): Promise<Page> {
  const query = next === undefined ? '' : `?token=${encodeURIComponent(next)}`
  const answer = await own.fetch(`/heygen/v3/videos${query}`)
  const json = (await answer.json()) as { data: { id: string }[]; next_token: string | null }
  return { ids: json.data.map(({ id }) => id), next: json.next_token ?? undefined }
}

async function tasks(own: Gateway, next?: string): Promise<Page> {
  const answer = await own.post('/kling/tasks', next === undefined ? {} : { cursor: next })
  const { data } = (await answer.json()) as {
    data: { result: { id: string }[]; has_more: boolean; next_cursor: string }
  }
  return {
    ids: data.result.map(({ id }) => id),
    next: data.has_more ? data.next_cursor : undefined,
  }
}

async function tenant(): Promise<Gateway> {
  return gateway.as((await gateway.newToken()).token)
}

/** So many videos on each of these accounts. */
async function withVideos(
  counts: Record<string, number>
): Promise<{ own: Gateway; made: Set<string> }> {
  const own = await tenant()
  const made = new Set<string>()
  for (const [name, count] of Object.entries(counts)) {
    const account = await own.addAccount(name, 10, { examples: false })
    for (let n = 0; n < count; n += 1) {
      const id = `${name}-${n}`
      await own.sim.control('POST', '/resources', { account, resource: 'video', id })
      made.add(id)
    }
  }
  return { own, made }
}

test('two accounts with one job each are one page of two', async () => {
  const { own, made } = await withVideos({ ann: 1, bob: 1 })
  const { ids, next } = await videos(own)
  expect([new Set(ids), ids.length, next]).toEqual([made, 2, undefined])
})

test('without a size, HeyGen’s pages have ten videos, and all pages together each video once', async () => {
  const { own, made } = await withVideos({ cid: 13, dot: 4, eve: 6 })
  const pages = await pagesOf((next) => videos(own, next))
  expect(pages[0]).toHaveLength(10)
  for (const page of pages) expect(page.length).toBeLessThanOrEqual(10)
  expect(pages.flat().toSorted()).toEqual([...made].toSorted())
})

test('where no account alone has a page, a page is of the documented size', async () => {
  const { own, made } = await withVideos({ fay: 7, gus: 5, hal: 2 })
  const pages = await pagesOf((next) => videos(own, next))
  expect(pages.map((page) => page.length)).toEqual([10, 4])
  expect(pages.flat().toSorted()).toEqual([...made].toSorted())
})

test('without a size, Kling’s lists and useapi.net’s tasks show the tasks of all accounts', async () => {
  const own = await tenant()
  for (const name of ['ivy', 'jim']) await addKling(own, name, { maxJobs: 50 })
  const made: string[] = []
  for (const name of ['ivy', 'jim']) {
    const headers = { 'x-gateway-account': `${name}@example.com` }
    const answer = await own.post(T2V, TEXT2VIDEO, headers)
    made.push(((await answer.json()) as Task).data.task_id)
  }
  const pages = await pagesOf((next) => tasks(own, next))
  expect(pages.map((page) => page.toSorted())).toEqual([made.toSorted()])
  const counted = await own.fetch(T2V)
  const { data } = (await counted.json()) as { data: { task_id: string }[] }
  expect(data.map(({ task_id: id }) => id).toSorted()).toEqual(made.toSorted())
  const { history } = (await (await own.fetch('/v1/kling/tasks')).json()) as {
    history: { task: { id: string } }[]
  }
  expect(history.map(({ task }) => task.id).toSorted()).toEqual(made.toSorted())
})
