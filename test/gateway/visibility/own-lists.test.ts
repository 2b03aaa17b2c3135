/** Lists of own tokens: what is public in them, and what is told when an account cannot be asked. */
import { expect, test } from 'vitest'
import { VIDEO, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { v3 } from '../../support/scenes/blamed.ts'
import { addKling, T2V, TEXT2VIDEO } from '../../support/scenes/kling.ts'
import { addCustomer, startVideo } from '../../support/scenes/tokens/own-tokens.ts'
import { upload } from '../../support/scenes/uploads.ts'

const open = gatewaysOfFile()

async function voicesOf(
  at: Gateway,
  path: string
): Promise<{ ids: string[]; lost: string | null }> {
  const answer = await at.fetch(path)
  const text = await answer.text()
  expect(answer.status, text.slice(0, 300)).toBe(200)
  const ids = [...text.matchAll(/"voice_id":"([^"]+)"/g)].map(([, id = '']) => id)
  return { ids, lost: answer.headers.get('x-gateway-lost') }
}

test('older lists of two own tokens go on from one another’s public rows, so both are whole soon, and all that they show may be used', async () => {
  const pool = await open({ accounts: { ann: 9, ben: 9 }, vars: { LEGACY: 'bridge' } })
  await pool.sim.settings({ publicVoices: 900 })
  const [one, two] = [await addCustomer(pool), await addCustomer(pool)]
  const lists = []
  for (const { at } of [one, two, one, two]) lists.push(await voicesOf(at, '/heygen/v2/voices'))
  const whole = await voicesOf(pool, '/heygen/v2/voices')
  expect(whole.ids.length).toBeGreaterThan(900)
  for (const list of lists.slice(2)) expect(list).toEqual(whole)
  const made = await two.at.createVideo({ voice_id: whole.ids.at(-1) })
  expect(made.status, await made.clone().text()).toBe(200)
})

test('useapi.net’s list of voices has as many for an own token as for any', async () => {
  const pool = await open({ accounts: { ann: 9 } })
  await pool.sim.settings({ publicVoices: 900 })
  const { at } = await addCustomer(pool)
  const path = '/v1/heygen/tts/voices?limit=1000'
  expect((await voicesOf(at, path)).ids).toEqual((await voicesOf(pool, path)).ids)
})

test('an older list of voices that are asked for by their engine has the own ones, which do not say theirs', async () => {
  const pool = await open({ accounts: { ann: 9 }, vars: { LEGACY: 'bridge' } })
  const [one, two] = [await addCustomer(pool), await addCustomer(pool)]
  const audio = { type: 'asset_id', asset_id: (await upload(one.at)).id }
  const made = await one.at.post('/heygen/v3/voices/clone', { voice_name: 'mine', audio })
  const { data } = (await made.json()) as { data: { voice_clone_id: string } }
  await pool.sim.finishJobs()
  for (const path of ['/heygen/v1/audio/voices', '/heygen/v3/voices?engine=starfish']) {
    expect((await voicesOf(one.at, path)).ids).toContain(data.voice_clone_id)
    expect((await voicesOf(two.at, path)).ids).not.toContain(data.voice_clone_id)
  }
})

test('an account that cannot be asked takes its things out of a list, which says so without its name [I5]', async () => {
  const pool = await open({ accounts: { ann: 2, ben: 2 }, vars: { LEGACY: 'bridge' } })
  const { at } = await addCustomer(pool)
  for (let n = 0; n < 4; n += 1) await startVideo(at)
  await pool.sim.fault({
    match: { account: 'ben@example.com' },
    effect: { status: 401, body: v3('authentication_failed') },
  })
  for (const path of ['/heygen/v3/videos', '/heygen/v2/videos']) {
    const listed = await at.fetch(path)
    const text = await listed.text()
    expect(listed.status, text).toBe(200)
    expect(listed.headers.get('x-gateway-partial')).toBe('yes')
    expect(text.match(/"(?:video_)?id":"[0-9a-f]{32}"/g)).toHaveLength(2)
    expect(text).not.toContain('@')
  }
  await pool.sim.clearFaults()
  await pool.fetch('/v1/heygen/accounts/ben@example.com/unpark', { method: 'POST' })
  const whole = await at.fetch('/heygen/v3/videos')
  expect(whole.headers.get('x-gateway-partial')).toBeNull()
  expect(((await whole.json()) as { data: unknown[] }).data).toHaveLength(4)
})

test('a task that Kling no longer has is left out of a list, and closes it for nobody', async () => {
  const pool = await open({})
  await addKling(pool, 'kim')
  const { at } = await addCustomer(pool)
  const ids = []
  for (let n = 0; n < 3; n += 1)
    ids.push((await at.post(T2V, TEXT2VIDEO)).headers.get('x-gateway-job') ?? '')
  const [first = '', gone = '', last = ''] = ids
  await pool.sim.fault({
    match: { method: 'GET', path: `/v1/videos/text2video/${gone}` },
    effect: { status: 400, body: { code: 1201, message: `Task not found by id: ${gone}` } },
  })
  const listed = await at.fetch(T2V)
  const text = await listed.text()
  expect(listed.status, text).toBe(200)
  const { data } = JSON.parse(text) as { data: { task_id: string }[] }
  expect(data.map(({ task_id }) => task_id)).toEqual([last, first])
})

test('a video that an older call made, sent as it is, stands in the newer list of its token alone', async () => {
  const pool = await open({ accounts: { ann: 9 }, vars: { LEGACY: 'pass' } })
  const [one, two] = [await addCustomer(pool), await addCustomer(pool)]
  const made = await one.at.post('/heygen/v2/video/generate', {
    title: 'older',
    video_inputs: [
      {
        character: { type: 'avatar', avatar_id: VIDEO.avatar_id },
        voice: { type: 'text', voice_id: VIDEO.voice_id, input_text: 'Hi' },
      },
    ],
  })
  const { data } = (await made.json()) as { data: { video_id: string } }
  expect(await (await one.at.fetch('/heygen/v3/videos')).text()).toContain(data.video_id)
  expect(await (await two.at.fetch('/heygen/v3/videos')).text()).not.toContain(data.video_id)
})

test('the looks of a public group are listed for an own token as for any, and those of a private one for nobody else [I5]', async () => {
  const pool = await open({ accounts: { ann: 9 }, vars: { LEGACY: 'bridge' } })
  const [one, two] = [await addCustomer(pool), await addCustomer(pool)]
  const made = await one.at.post('/heygen/v3/avatars', {
    ...{ type: 'prompt', name: 'of one', prompt: 'A person in a park' },
  })
  const { data } = (await made.json()) as { data: { avatar_group: { id: string } } }
  const shared = await pool.fetch('/heygen/v3/avatars?ownership=public&limit=1')
  const [group] = ((await shared.json()) as { data: { id: string }[] }).data
  const looksOf = async (at: Gateway, id: string, path: string) => {
    const answer = await at.fetch(`/heygen${path.replace('{id}', id)}`)
    const text = await answer.text()
    return [answer.status, [...text.matchAll(/"id":"([^"]+)"/g)].map(([, look]) => look)]
  }
  for (const path of ['/v3/avatars/looks?group_id={id}', '/v2/avatar_group/{id}/avatars']) {
    const known = await looksOf(pool, group?.id ?? '', path)
    expect(known[1]).not.toHaveLength(0)
    for (const { at } of [one, two]) expect(await looksOf(at, group?.id ?? '', path)).toEqual(known)
    const own = await looksOf(one.at, data.avatar_group.id, path)
    expect(own[1]).toHaveLength(1)
    const unknown = '9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b99'
    const foreign = await looksOf(two.at, data.avatar_group.id, path)
    expect(foreign).toEqual(await looksOf(two.at, unknown, path))
    expect(foreign[1]).toEqual([])
  }
})
