/** Steps at Kling: accounts with a key or a password, tasks by the drop-in paths and by the older service's calls, lists, files. */
import { createHmac } from 'node:crypto'
import type { PlannedTask } from '../plans/plan.ts'
import { ORIGIN } from '../platform/universe.ts'
import { itemOf, namesIn, tokenOf, wishOf } from '../clients/client.ts'
import { cancelTask } from './queue.ts'
import {
  ask,
  insist,
  isGood,
  jsonOf,
  RECEIVER,
  send,
  type KlingIntention,
  type Scene,
  type Tenant,
} from '../clients/scene.ts'

const PATHS = {
  old: '/kling/v1/videos/text2video',
  new: '/kling/text-to-video/kling-3.0-turbo',
  images: '/kling/v1/images/generations',
  useapi: '/v1/kling/videos/text2video',
  picture: '/v1/kling/videos/image2video-frames',
}

function klingEmailOf(name: string): string {
  return `kling-${name}@example.com`
}

export async function addKling(
  scene: Scene,
  tenant: Tenant,
  { name, maxJobs, hasPassword }: { name: string; maxJobs: number; hasPassword: boolean }
): Promise<void> {
  const email = klingEmailOf(name)
  const secret = `kling_secret_${scene.universe.world.chance.hex('kling keys', 16)}`
  scene.secrets.add(secret)
  const given = hasPassword ? { password: secret } : { apiKey: secret }
  scene.kling.add(email, maxJobs, given)
  scene.klingHolders.set(email, tenant.no)
  const body = { email, maxJobs, ...given }
  await insist(scene, () => ask(scene, tenant, 'POST', '/v1/kling/accounts', body), 6)
}

export async function makeTask(scene: Scene, tenant: Tenant, planned: PlannedTask): Promise<void> {
  const { mark, form, isKeyed, isNamed, isTold } = planned
  const intention: KlingIntention = {
    ...{ mark, tenant: tenant.no, form, isTold, taskIds: [], answers: [] },
    ...(isNamed && form !== 'useapi' && form !== 'picture' ? { name: `name-${mark}` } : {}),
  }
  scene.klingIntentions.set(mark, intention)
  const picture = form === 'picture' ? await keepPicture(scene, tenant) : undefined
  if (form === 'picture' && picture === undefined) return
  const body = JSON.stringify(bodyOf(intention, picture))
  const headers = {
    'content-type': 'application/json',
    ...(isKeyed ? { 'idempotency-key': `key-${mark}` } : {}),
    ...wishOf(planned.line),
  }
  const call = { method: 'POST', path: PATHS[form], headers, body }
  for (let n = 0; n < 6; n += 1) {
    const { token, tokenId } = tokenOf(tenant, planned.line)
    const answer = await send(scene, tenant, { ...call, token })
    const names = namesIn(answer)
    if (planned.line && names.length > 0)
      intention.item = { ...itemOf(tenant, planned.line), tokenId, names }
    const { status } = answer
    intention.answers.push(`${status} ${answer.headers['x-gateway-error'] ?? ''}`)
    const named = answer.headers['x-gateway-job']
    if (named !== undefined) intention.taskIds.push(...named.split(',').map((id) => id.trim()))
    const isOver = isKeyed
      ? status !== 'cut' && (status < 409 || answer.headers['x-should-retry'] === 'false')
      : status !== 429 && status !== 503
    if (isOver) break
    await scene.universe.world.sleep(2000 * 2 ** n, 'before a repeat')
  }
  if (planned.line) await cancelTask(scene, tenant, intention, planned.line)
  for (let n = 0; n < planned.polls; n += 1) {
    await scene.universe.world.sleep(40_000, 'before a poll')
    await askAboutTask(scene, tenant, intention, n)
  }
}

function bodyOf({ mark, form, isTold, name }: KlingIntention, picture?: string): object {
  const callback = isTold ? `${RECEIVER}/kling/${mark}` : undefined
  const prompt = `A calm sunrise, ${mark} .`
  if (form === 'useapi' || form === 'picture')
    return {
      ...{ prompt, duration: '5' },
      ...(picture === undefined ? {} : { image: picture }),
      ...(callback === undefined ? {} : { replyUrl: callback, replyRef: `ref-${mark}` }),
    }
  const options = {
    ...(callback === undefined ? {} : { callback_url: callback }),
    ...(name === undefined ? {} : { external_task_id: name }),
  }
  if (form === 'new') return { contents: [{ type: 'prompt', text: prompt }], options }
  return { model_name: 'kling-v3', prompt, ...(form === 'images' ? { n: 2 } : {}), ...options }
}

/** Keeps a picture at the gateway, and reads it back. Its address. */
async function keepPicture(scene: Scene, tenant: Tenant): Promise<string | undefined> {
  const content = `picture ${tenant.no}`
  const headers = { 'content-type': 'image/png', 'content-length': String(content.length) }
  const call = { method: 'POST', path: '/v1/kling/assets', headers, body: content }
  const kept = await send(scene, tenant, call)
  if (!isGood(kept)) return undefined
  const { url } = JSON.parse(kept.body) as { url: string }
  const read = await scene.universe.call({ method: 'GET', url, headers: {} })
  if (read.status === 200 && read.body !== content)
    scene.violations.push(`I7 a kept picture is read as ${read.body.slice(0, 100)}`)
  const origin = scene.plan.vars?.['PUBLIC_ORIGIN'] ?? ORIGIN
  if (!url.startsWith(`${origin}/files/`)) scene.violations.push(`a picture is kept at ${url}`)
  return url
}

/** Every way to ask how a task is. */
async function askAboutTask(
  scene: Scene,
  tenant: Tenant,
  { form, taskIds, name }: KlingIntention,
  n: number
): Promise<void> {
  const [id] = taskIds
  if (id === undefined) return
  const path = form === 'useapi' || form === 'picture' ? '/kling/v1/videos/text2video' : PATHS[form]
  const ways = [
    form === 'new' ? `/kling/tasks?task_ids=${id}` : `${path}/${id}`,
    `/v1/kling/tasks/${id}`,
    `/v1/kling/jobs/${id}`,
    ...(name === undefined ? [] : [`/kling/tasks?external_task_ids=${name}`]),
  ]
  await ask(scene, tenant, 'GET', ways[n % ways.length] ?? '')
}

/** Reads Kling's lists: pages that are only counted, a cursor in the body, ids of several accounts, what is left. */
export async function listTasks(scene: Scene, tenant: Tenant): Promise<void> {
  for (const page of [1, 2])
    await ask(scene, tenant, 'GET', `/kling/v1/videos/text2video?pageNum=${page}&pageSize=2`)
  const first = await ask(scene, tenant, 'POST', '/kling/tasks', { limit: 2 })
  const { next_cursor: cursor } = (jsonOf(first)['data'] ?? {}) as {
    next_cursor?: string
  }
  if (cursor) await ask(scene, tenant, 'POST', '/kling/tasks', { limit: 2, cursor })
  const ids = [...scene.klingIntentions.values()]
    .filter((one) => one.tenant === tenant.no)
    .flatMap(({ taskIds }) => taskIds.slice(0, 1))
  if (ids.length > 0) await ask(scene, tenant, 'GET', `/kling/tasks?task_ids=${ids.join(',')}`)
  await ask(scene, tenant, 'GET', '/v1/kling/tasks?limit=5')
  await ask(scene, tenant, 'GET', '/kling/account/costs')
  await ask(scene, tenant, 'GET', '/v1/kling/accounts')
  await ask(scene, tenant, 'GET', '/v1/kling/scheduler')
  await send(scene, tenant, {
    ...{ method: 'POST', path: '/kling/v1/audio/tts' },
    body: JSON.stringify({ text: 'Hello', voice_id: 'v1', voice_language: 'en' }),
  })
}

/** A client signs its own tokens, as Kling's samples do (reference/kling.md 2.2). Only a good one is served. */
export async function signOwn(scene: Scene, tenant: Tenant): Promise<void> {
  const now = Math.floor(scene.universe.world.now / 1000)
  const call = { method: 'GET', path: '/kling/v1/videos/text2video?pageNum=1&pageSize=5' }
  const asks: [claims: object, secret: string, isGood: boolean][] = [
    [{ exp: now + 1800, nbf: now - 5 }, tenant.pair.secretKey, true],
    [{ exp: now - 600, nbf: now - 2400 }, tenant.pair.secretKey, false],
    [{ exp: now + 3600, nbf: now + 1800 }, tenant.pair.secretKey, false],
    [{ exp: now + 90 * 86_400, nbf: now - 5 }, tenant.pair.secretKey, false],
    [{ exp: now + 1800, nbf: now - 5 }, 'another-secret', false],
  ]
  for (const [claims, secret, isRight] of asks) {
    const token = signed({ iss: tenant.pair.accessKey, ...claims }, secret)
    const authorization = `Bearer ${token}`
    const { status } = await send(scene, tenant, { ...call, headers: { authorization } })
    const isWrong = isRight ? status === 401 && scene.plan.isGentle === true : status === 200
    if (isWrong)
      scene.violations.push(`I5 ${JSON.stringify(claims)} at ${now} is answered ${status}`)
  }
}

function signed(claims: object, secret: string): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
