/**
 * Steps of the line: many creations in one call. Its answer must be in the order of the call, an item that is wrong must stop no other,
 * and under keys the call may be sent again.
 */
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import { bodyOf, howOf, itemOf, tokenOf } from '../clients/client.ts'
import { isGood, jsonOf, send, type Intention, type Scene, type Tenant } from '../clients/scene.ts'
import { tenantAt } from '../clients/set-up.ts'
import type { ClientAnswer } from '../platform/isolates.ts'
import type { PlannedBulk, PlannedItem } from '../plans/plan.ts'
import { cancel } from './queue.ts'

const PATH = '/v1/heygen/queue'
const TRIES_MAX = 6

/** An item of a call, and what its client knows of it. */
interface Asked {
  planned: PlannedItem
  intention: Intention & Required<Pick<Intention, 'item'>>
  text: string
}

type Said = { id?: string; error?: string; code?: string } | undefined

export async function queueMany(
  scene: Scene,
  { tenant: at, items, isSecond, isLines, againAfterMs }: { tenant: number } & PlannedBulk
): Promise<void> {
  const tenant = tenantAt(scene, at)
  const asked = items.map((planned) => toAsked(scene, tenant, planned, isSecond))
  const texts = asked.map(({ text }) => text)
  const body = isLines ? texts.join('\n') : `[${texts.join(',\n')}]`
  const mayRepeat = asked.every(({ intention }) => intention.key !== undefined)
  const ask = () => askOnce(scene, tenant, asked, { body, isSecond })
  let isHeard = await ask()
  for (let n = 0; n < TRIES_MAX && !isHeard && mayRepeat; n += 1) {
    await scene.universe.world.sleep(2000 * 2 ** n, 'before a bulk call is repeated')
    isHeard = await ask()
  }
  await Promise.all(asked.map((one) => cancelLater(scene, tenant, one)))
  if (againAfterMs === undefined || !mayRepeat) return
  await scene.universe.world.sleep(againAfterMs, 'before a bulk call comes again')
  await ask()
}

function toAsked(scene: Scene, tenant: Tenant, planned: PlannedItem, isSecond: boolean): Asked {
  const { mark, kind, own } = planned
  const line = { ...planned.line, ...(isSecond ? { isSecond } : {}) }
  const body = bodyOf(scene, planned, line)
  const key = `key-${mark}`
  const intention = {
    ...{ mark, kind, tenant: tenant.no, isUntracked: false },
    ...(planned.isKeyed ? { key } : {}),
    ...(planned.hasCallbackId ? { callbackId: mark } : {}),
    ...(own === undefined ? {} : { own }),
    ...{ answers: [], requestIds: [], jobIds: [], views: [], bodies: [body] },
    item: itemOf(tenant, line),
  }
  scene.intentions.set(mark, intention)
  const headers = {
    ...(planned.isKeyed ? { 'Idempotency-Key': key } : {}),
    ...howOf(line),
    ...(line.isWrong ? { 'X-Gateway-Priority': 'soon' } : {}),
  }
  const { path } = kindNamed(kind)
  const text = `{"path": "${path}", "headers": ${JSON.stringify(headers)}, "body": ${body}}`
  return { planned, intention, text }
}

/** False: nobody knows what became of it, or it was not taken. */
async function askOnce(
  scene: Scene,
  tenant: Tenant,
  asked: readonly Asked[],
  { body, isSecond }: { body: string; isSecond: boolean }
): Promise<boolean> {
  const { token, tokenId } = tokenOf(tenant, { isSecond })
  for (const { intention } of asked)
    if (intention.item.names.length === 0) intention.item.tokenId = tokenId
  const answer = await send(scene, tenant, { method: 'POST', path: PATH, body, token })
  const { items } = jsonOf(answer) as { items?: Said[] }
  if (!isGood(answer) || !items) {
    for (const { intention } of asked) intention.answers.push(codeOf(answer))
    return answer.status !== 'cut' && answer.status < 409
  }
  if (items.length !== asked.length)
    scene.violations.push(`line: of ${asked.length} in a bulk call, ${items.length} were answered`)
  for (const [n, one] of asked.entries()) note(scene, one, items[n])
  return items.every((said) => said?.id !== undefined || said?.code === 'bad_request')
}

function codeOf({ status, headers }: ClientAnswer): string {
  const code = headers['x-gateway-error']
  return code === undefined ? String(status) : `${status} ${code}`
}

function note(scene: Scene, { planned, intention }: Asked, said: Said): void {
  const { mark, item } = intention
  const [name] = item.names
  if (said?.id === undefined) {
    intention.answers.push(said?.code ?? 'nothing')
    const isExpected = scene.plan.isGentle !== true || planned.line.isWrong
    if (!isExpected)
      scene.violations.push(`line: ${mark} was refused in a bulk call: ${said?.error}`)
    return
  }
  intention.answers.push('200')
  if (planned.line.isWrong)
    scene.violations.push(`line: ${mark} is wrong, and the bulk call has it as ${said.id}`)
  if (name !== undefined && name !== said.id)
    scene.violations.push(`line: ${mark} is ${name}, and under the same key ${said.id}`)
  if (name !== undefined) return
  item.names = [said.id]
  intention.jobIds.push(said.id)
}

async function cancelLater(scene: Scene, tenant: Tenant, { planned, intention }: Asked) {
  const path = `/heygen${kindNamed(planned.kind).path}`
  await cancel(scene, tenant, intention.item, planned.line, path)
}
