/** I6: no secret in any line of the log, answer, call to a client, stored row or KV value. */
import type { Scene } from '../clients/scene.ts'
import { ADMIN_TOKEN, MASTER_KEY } from '../platform/universe.ts'

/** Answers that show a secret to its owner: when it is made, and in HeyGen's older list of endpoints. */
const SHOWS =
  /^GET \/heygen\/v1\/webhook\/endpoint\.list|^POST (?:\/heygen\/(?:v3\/webhooks\/endpoints|v1\/streaming\.create_token)|\/v1\/callback-secret|\/v1\/alerts$|\/admin\/alerts$|\/admin\/tokens)/

export function secretsSeen(scene: Scene): string[] {
  const { heygen, kling, universe, answers, operated, receivers } = scene
  const secrets = [
    ...[
      ADMIN_TOKEN,
      MASTER_KEY,
      ...heygen.events.secrets,
      ...kling.secrets,
      ...heygen.oauth.secrets,
      ...heygen.older.secrets,
      ...scene.secrets,
    ],
    ...heygen.events.addresses,
    ...[...kling.tasks.values()].flatMap(({ callback }) => callback?.split('/callbacks/')[1] ?? []),
    ...[...heygen.jobs.values()].flatMap(({ callbackUrl }) =>
      callbackUrl?.includes('/callbacks/') ? [callbackUrl.split('/').at(-1) ?? ''] : []
    ),
  ].filter((secret) => secret.length > 8)
  const found: string[] = []
  const look = (where: string, text: string) => {
    const secret = secrets.find((one) => text.includes(one))
    if (secret !== undefined) found.push(`I6 ${secret.slice(0, 10)}… in ${where}`)
  }
  for (const line of universe.world.logs) look(`the log: ${line.slice(0, 200)}`, line)
  for (const { about, answer } of [...answers, ...operated])
    if (!SHOWS.test(about)) look(about, answer.body + JSON.stringify(answer.headers))
  for (const { path, body, headers } of receivers.received)
    look(`what was told to ${path}`, body + JSON.stringify(headers))
  for (const [key, { text, metadata }] of universe.kv.entries)
    look(`KV ${key}`, key + text + JSON.stringify(metadata ?? null))
  for (const { name, disk } of universe.objects.values())
    for (const [table, text] of disk.texts()) look(`${name}, ${table}`, text)
  return found
}
