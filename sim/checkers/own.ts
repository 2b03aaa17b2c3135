/**
 * I5 between two own tokens of one tenant (docs/rfc/0010-sees-own.md): nothing of the other's is shown or told, and what is the other's
 * is answered like what is nobody's. What they ask while the plan runs is looked at by the step itself (steps/own.ts).
 */
import { itemIdOf, markOf, namesOf } from '../../src/domain/queue/item-name.ts'
import type { ClientAnswer } from '../platform/isolates.ts'
import { ask, jsonOf, type OwnToken, type Scene } from '../clients/scene.ts'

/** Lists and sums that an own token may ask for. */
export const LISTS = [
  ...['/heygen/v3/videos', '/v1/heygen/jobs?limit=100', '/v1/heygen/jobs', '/v1/heygen/scheduler'],
  ...['/v1/deliveries', '/v1/heygen/queue', '/v1/usage', '/v2/account'],
  ...['/v1/kling/jobs?limit=100', '/v1/kling/queue', '/kling/v1/videos/text2video'],
]

/** Texts that only this token may see. */
export function needlesOf(scene: Scene, { as, marks, told }: OwnToken): string[] {
  const { heygen, kling, intentions, klingIntentions } = scene
  const ofMarks = marks.flatMap((mark) => {
    const intention = intentions.get(mark)
    const task = klingIntentions.get(mark)
    const names = [intention?.item?.names, intention?.jobIds, task?.item?.names, task?.taskIds]
    return [mark, ...names.flatMap((some) => some ?? []), ...(intention?.requestIds ?? [])]
  })
  const isOurs = ({ mark }: { mark: string }) => marks.includes(mark)
  const jobs = [...heygen.jobs.values()].filter(isOurs).map(({ id }) => id)
  const tasks = [...kling.tasks.values()].filter(isOurs).map(({ id }) => id)
  const rest = [as.tokenId, '@example.com', ...(told === undefined ? [] : [told])]
  return [...new Set([...ofMarks, ...jobs, ...tasks, ...rest])]
}

/** One of the needles. Who asks for a thing by its name hears that name. */
export function seenIn(
  needles: readonly string[],
  about: string,
  text: string
): string | undefined {
  return needles.find((needle) => text.includes(needle) && !about.includes(needle))
}

interface Thing {
  /** Where the provider shows it. */
  path: string
  api: 'heygen' | 'kling'
  id: string
}

/** By their names, by the provider's ids, and by their requests. */
export function thingsOf(scene: Scene, { marks }: OwnToken): Thing[] {
  const { heygen, kling, intentions, klingIntentions } = scene
  const isOurs = ({ mark }: { mark: string }) => marks.includes(mark)
  const ids = marks.flatMap((mark) => {
    const { item, jobIds = [], requestIds = [] } = intentions.get(mark) ?? {}
    return [...(item?.names ?? []), ...jobIds, ...requestIds.slice(0, 1)]
  })
  const jobs = [...heygen.jobs.values()].filter(isOurs).map(({ id }) => id)
  const names = marks.flatMap((mark) => {
    const task = klingIntentions.get(mark)
    return [...(task?.item?.names ?? []), ...(task?.name === undefined ? [] : [task.name])]
  })
  const tasks = [...kling.tasks.values()].filter(isOurs).map(({ id }) => id)
  return [
    ...[...new Set([...ids, ...jobs])].map((id) => thing('heygen', '/heygen/v3/videos', id)),
    ...[...new Set([...names, ...tasks])].map((id) =>
      thing('kling', '/kling/v1/videos/text2video', id)
    ),
  ]
}

function thing(api: Thing['api'], path: string, id: string): Thing {
  return { api, path, id }
}

const NOBODYS_ITEM = itemIdOf('nobody', 1_700_000_000_000)

/** What nobody has, in the form of the id. */
export function nobodys(id: string): string {
  const form = /^\d+$/.test(id) ? 'decimal' : 'hex'
  const [name = ''] = markOf(id) ? namesOf(NOBODYS_ITEM, 1, { kind: form }) : []
  if (name !== '') return name
  return id.replace(/[0-9a-f]{8}$/i, (end) => (end === '01230123' ? '32103210' : '01230123'))
}

const COMPARED = ['x-gateway-error', 'retry-after', 'content-type', 'x-should-retry']

/** How two answers differ. A failure of a moment may be of one of them alone. */
export function lookAlike(
  theirs: ClientAnswer,
  nothing: ClientAnswer,
  id: string,
  none: string
): string | undefined {
  if ([theirs, nothing].some(({ status }) => isPassing(status))) return undefined
  const shown = ({ status, headers, body }: ClientAnswer, name: string) =>
    JSON.stringify([
      status,
      ...COMPARED.map((header) => headers[header] ?? null),
      body
        .replaceAll(name, '{id}')
        .replaceAll(/"request_id":\s*"[^"]*"/g, '')
        .replaceAll(/req_\w+/g, ''),
    ])
  const [one, other] = [shown(theirs, id), shown(nothing, none)]
  return one === other ? undefined : `${one.slice(0, 300)} and not ${other.slice(0, 300)}`
}

/** 401: its tenant is being removed. */
function isPassing(status: ClientAnswer['status']): boolean {
  return status === 'cut' || status === 401 || status === 429 || status >= 500
}

/** At rest: what was told, and what usage says. */
export async function ownPromises(scene: Scene): Promise<string[]> {
  const found = toldToAgency(scene)
  for (const token of scene.owned) {
    found.push(...toldToCustomer(scene, token))
    if (scene.everyTenant[token.as.no]?.endedAt === undefined)
      found.push(...(await usageOfOthers(scene, token)))
  }
  return found
}

/** The tenant's default URL is no target of an own token. */
function toldToAgency(scene: Scene): string[] {
  const needles = scene.owned.flatMap((token) => thingsOf(scene, token).map(({ id }) => id))
  return scene.receivers.to('/agency/').flatMap(({ path, body }) => {
    const seen = seenIn(needles, '', body)
    return seen === undefined ? [] : [`I5 own: ${seen} was told to ${path}`]
  })
}

function toldToCustomer(scene: Scene, token: OwnToken): string[] {
  const { told, marks } = token
  if (told === undefined) return []
  const mine = needlesOf(scene, token)
  const posts = scene.receivers.to(told)
  const foreign = posts
    // Of what never ran there is no id.
    .filter(({ body }) => seenIn(mine, '', body) === undefined && !body.includes('"id":null'))
    .map(({ body }) => `I5 own: ${told} was told ${body.slice(0, 300)}`)
  if (scene.plan.isGentle !== true || scene.everyTenant[token.as.no]?.endedAt !== undefined)
    return foreign
  const untold = scene.heygen.creations
    .filter(
      ({ mark, jobs }) => marks.includes(mark) && jobs.every(({ endedAt }) => endedAt !== undefined)
    )
    .filter(({ mark, jobs }) => {
      const { item, jobIds = [] } = scene.intentions.get(mark) ?? {}
      const ids = [...(item?.names ?? []), ...jobIds, ...jobs.map(({ id }) => id)]
      return !posts.some(({ body }) => ids.some((id) => body.includes(id)))
    })
  return [...foreign, ...untold.map(({ mark }) => `I3 own: ${told} was not told of ${mark}`)]
}

interface UsageRow {
  token: string | null
  outcome: string
  jobs: number
}

/** Usage has only its own rows, and no job more than it has made. */
async function usageOfOthers(scene: Scene, { as, marks }: OwnToken): Promise<string[]> {
  const answer = await ask(scene, as, 'GET', '/v1/usage')
  const { rows = [] } = jsonOf(answer) as { rows?: UsageRow[] }
  const jobs = scene.heygen.creations
    .filter(({ mark }) => marks.includes(mark))
    .flatMap((one) => one.jobs).length
  const tasks = [...scene.kling.tasks.values()].filter(({ mark }) => marks.includes(mark)).length
  // A creation of which nobody knows whether it was started counts, too, and the provider may have no job of it.
  const done = rows.filter(({ outcome }) => outcome === 'completed')
  const counted = done.reduce((sum, row) => sum + row.jobs, 0)
  const isForeign = rows.some(({ token }) => token !== null && token !== as.tokenId)
  return isForeign || counted > jobs + tasks
    ? [
        `I5 own: usage of ${as.tokenId} counts ${counted} of ${jobs + tasks}: ${answer.body.slice(0, 400)}`,
      ]
    : []
}
