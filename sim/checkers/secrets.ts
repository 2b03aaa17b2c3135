/** I6: no secret in any line of the log, answer, stored row or KV value. */
import { keyOf, type Scene } from '../clients/scene.ts'
import { ADMIN_TOKEN, MASTER_KEY } from '../platform/universe.ts'

export function secretsSeen(scene: Scene): string[] {
  const { plan, tenants, heygen, universe, answers } = scene
  const hooks = [...heygen.accounts.values()].flatMap(({ endpoints }) =>
    endpoints.map(({ url }) => url.split('/').at(-1) ?? '')
  )
  const tickets = [...heygen.jobs.values()].flatMap(({ callbackUrl }) =>
    callbackUrl?.includes('/callbacks/') ? [callbackUrl.split('/').at(-1) ?? ''] : []
  )
  const stored = [
    ...[ADMIN_TOKEN, MASTER_KEY, ...heygen.events.secrets],
    ...tenants.flatMap(({ token, secrets }) => [token, ...secrets]),
    ...plan.accounts.map(({ name }) => keyOf(name)),
  ]
  const said = [...stored, ...hooks, ...tickets].filter((secret) => secret.length > 8)
  const found: string[] = []
  const look = (where: string, text: string, secrets: string[]) => {
    const secret = secrets.find((one) => text.includes(one))
    if (secret !== undefined) found.push(`I6 ${secret.slice(0, 10)}… in ${where}`)
  }
  look('the log', universe.world.logs.join('\n'), said)
  // What an answer shows once, to its owner: the secret of a new endpoint.
  for (const { about, answer } of answers)
    if (about !== 'POST /heygen/v3/webhooks/endpoints')
      look(about, answer.body + JSON.stringify(answer.headers), said)
  for (const [key, { text }] of universe.kv.entries) look(`KV ${key}`, text, stored)
  for (const { name, disk } of universe.objects.values())
    for (const [table, text] of disk.texts()) look(`${name}, ${table}`, text, stored)
  return found
}
