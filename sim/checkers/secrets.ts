/**
 * I6: no secret in any line of the log, answer, call to a client or to HeyGen, stored row or KV value. Neither the secret itself, nor
 * half of it, nor what everybody can turn back into it: base64, hex, URL-encoded.
 */
import type { Scene } from '../clients/scene.ts'
import { ADMIN_TOKEN, MASTER_KEY } from '../platform/universe.ts'
import { Needles } from './needles.ts'

/** Answers that show a secret to its owner: when it is made, and in HeyGen's older list of endpoints. */
const SHOWS =
  /^GET \/heygen\/v1\/webhook\/endpoint\.list|^POST (?:\/heygen\/(?:v3\/webhooks\/endpoints|v1\/streaming\.create_token)|\/v1\/callback-secret|\/v1\/alerts$|\/v1\/live$|\/admin\/alerts$|\/admin\/tokens)/

/** The gateway's own. */
function gatewaysOf(scene: Scene): string[] {
  return [ADMIN_TOKEN, MASTER_KEY, ...scene.secrets]
}

/** Those of the gateway, of the providers, and of this plan's clients. */
export function secretsOf(scene: Scene): string[] {
  const { heygen, kling } = scene
  const tickets = [
    ...[...kling.tasks.values()].flatMap(({ callback }) => callback?.split('/callbacks/')[1] ?? []),
    ...[...heygen.jobs.values()].flatMap(({ callbackUrl }) =>
      callbackUrl?.includes('/callbacks/') ? [callbackUrl.split('/').at(-1) ?? ''] : []
    ),
  ]
  const providers = [...heygen.oauth.secrets, ...heygen.older.secrets, ...kling.secrets]
  const { secrets, addresses } = heygen.events
  return [...gatewaysOf(scene), ...providers, ...secrets, ...addresses, ...tickets]
}

/** In what clients, receivers and HeyGen are told. */
export function secretsShown(scene: Scene): string[] {
  const { answers, operated, receivers } = scene
  const { found, look } = search(secretsOf(scene))
  for (const { about, answer } of [...answers, ...operated])
    if (!SHOWS.test(about)) look(about, answer.body + JSON.stringify(answer.headers))
  for (const { path, body, headers } of receivers.received)
    look(`what was told to ${path}`, path + body + JSON.stringify(headers))
  const upstream = search(gatewaysOf(scene))
  for (const text of scene.heard) upstream.look(`a call to HeyGen: ${text.slice(0, 200)}`, text)
  return [...found, ...upstream.found]
}

/** In the log and in storage. */
export function secretsKept(scene: Scene): string[] {
  const { universe } = scene
  const { found, look } = search(secretsOf(scene))
  for (const line of universe.world.logs) look(`the log: ${line.slice(0, 200)}`, line)
  for (const [key, { text, metadata }] of universe.kv.entries)
    look(`KV ${key}`, key + text + JSON.stringify(metadata ?? null))
  for (const { name, disk } of universe.objects.values())
    for (const [table, text] of disk.texts()) look(`${name}, ${table}`, text)
  return found
}

function search(secrets: string[]): {
  found: string[]
  look: (where: string, text: string) => void
} {
  const needles = new Needles(secrets)
  const found: string[] = []
  const look = (where: string, text: string) => {
    const secret = needles.findIn(text)
    if (secret !== undefined) found.push(`I6 ${secret.slice(0, 10)}… in ${where}`)
  }
  return { found, look }
}
