/** Steps on HeyGen's older paths: videos, and a browser's streaming session. The gateway may carry them by newer calls. */
import type { PlannedOlder } from '../plans/plan.ts'
import { send, isGood, jsonOf, type Intention, type Scene, type Tenant } from '../clients/scene.ts'

export async function makeOlderVideo(
  scene: Scene,
  tenant: Tenant,
  { mark, own, polls }: PlannedOlder
): Promise<void> {
  const intention: Intention = {
    ...{ mark, kind: 'video', tenant: tenant.no, isUntracked: false, isRewritten: true },
    ...(own ? { own: 'told' as const } : {}),
    ...{ answers: [], requestIds: [], jobIds: [], views: [], bodies: [] },
  }
  scene.intentions.set(mark, intention)
  const answer = await send(scene, tenant, {
    ...{ method: 'POST', path: '/heygen/v2/video/generate' },
    body: JSON.stringify({
      video_inputs: [
        {
          character: { type: 'avatar', avatar_id: 'shared-id' },
          voice: { type: 'text', input_text: `Hello from ${mark} .`, voice_id: 'shared-id' },
        },
      ],
      ...(own ? { callback_url: `https://app.example.com/told/${mark}` } : {}),
    }),
  })
  // Every account has the look.
  if (answer.body.includes('avatar_not_found'))
    scene.violations.push(`older: ${mark} is told ${answer.body.slice(0, 200)}`)
  const code = answer.headers['x-gateway-error']
  const named = answer.headers['x-gateway-job']
  const requestId = answer.headers['x-request-id']
  intention.answers.push(code === undefined ? String(answer.status) : `${answer.status} ${code}`)
  if (requestId !== undefined) intention.requestIds.push(requestId)
  if (named !== undefined) intention.jobIds.push(...named.split(',').map((id) => id.trim()))
  const [id] = intention.jobIds
  for (let n = 0; n < polls && id !== undefined; n += 1) {
    await scene.universe.world.sleep(45_000, 'before an older poll')
    const path =
      n % 2 === 0 ? `/heygen/v1/video_status.get?video_id=${id}` : '/heygen/v1/video.list'
    const seen = await send(scene, tenant, { method: 'GET', path })
    const { data } = jsonOf(seen) as { data?: { id?: string } }
    if (n % 2 === 0 && data?.id !== undefined && data.id !== id)
      scene.violations.push(`I4 ${mark}: asked for ${id}, told of ${data.id}`)
  }
}

/** A server asks for a token, and a browser opens a session with it, speaks, and may close it. */
export async function stream(scene: Scene, tenant: Tenant, isStopped: boolean): Promise<void> {
  const made = await send(scene, tenant, {
    ...{ method: 'POST', path: '/heygen/v1/streaming.create_token', body: '{}' },
  })
  const { data } = jsonOf(made) as { data?: { token?: string } }
  const { token } = data ?? {}
  if (token === undefined) return
  if (!token.startsWith('hgs_')) scene.violations.push(`I6 a stream token is ${token.slice(0, 12)}`)
  scene.secrets.add(token)
  const say = async (verb: string, body: object, authorization = `Bearer ${token}`) => {
    const call = {
      method: 'POST',
      path: `/heygen/v1/streaming.${verb}`,
      body: JSON.stringify(body),
    }
    const headers = { 'content-type': 'application/json', authorization }
    const answer = await send(scene, tenant, { ...call, headers })
    if (answer.headers['x-gateway-account'] !== undefined && authorization.includes(token))
      scene.violations.push(`streaming.${verb} shows a browser the account`)
    return answer
  }
  const forged = await say('new', {}, `Bearer ${token.slice(0, -4)}AAAA`)
  if (isGood(forged)) scene.violations.push('I5 a forged stream token opens a session')
  const opened = await say('new', { quality: 'low', version: 'v2' })
  const { data: session } = jsonOf(opened) as {
    data?: { session_id?: string }
  }
  const id = session?.session_id
  if (id === undefined) return
  for (const verb of ['start', 'task', 'keep_alive', 'interrupt']) {
    await say(verb, { session_id: id, text: 'Hello' })
    await scene.universe.world.sleep(20_000, 'before the session goes on')
  }
  if (!isStopped) return
  await say('stop', { session_id: id })
  // Over: the refusal says so, and the gateway hears it.
  await say('task', { session_id: id, text: 'Hello' })
}
