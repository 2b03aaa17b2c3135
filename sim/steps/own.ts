/**
 * Two own tokens of one tenant. Each makes a video at once, queues one, queues one in a bulk call, and a task at Kling if the tenant has
 * an account there. Then each asks for everything of the other's, and for the same of nobody's, which must be answered alike.
 */
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import { carryOut } from '../clients/client.ts'
import {
  alone,
  ask,
  insist,
  isGood,
  jsonOf,
  RECEIVER,
  send,
  type Intention,
  type OwnToken,
  type Scene,
  type Tenant,
} from '../clients/scene.ts'
import { makeToken } from '../clients/set-up.ts'
import { LISTS, lookAlike, needlesOf, nobodys, seenIn, thingsOf } from '../checkers/own.ts'
import { makeTask } from './kling.ts'

/** Longer than copies of a token are old. */
const KNOWN_MS = 120_000
const ROUNDS = 2
const VIDEO = kindNamed('video')

export async function serveOwnTokens(
  scene: Scene,
  tenant: Tenant,
  { marks }: { marks: string[] }
): Promise<void> {
  const { world } = scene.universe
  const made: OwnToken[] = []
  const half = marks.length / 2
  await alone(scene, async () => {
    for (const mine of [marks.slice(0, half), marks.slice(half)]) {
      if (tenant.endedAt !== undefined) return
      const token = await makeToken(scene, tenant.name, { sees: 'own' })
      if (token) made.push({ as: { ...tenant, ...token }, marks: mine })
    }
  })
  const [one, other] = made
  if (!one || !other || tenant.endedAt !== undefined) return
  // Nothing of an own token's is told there. Only the first customer has a URL of its own.
  const agency = { replyUrl: `${RECEIVER}/agency/${tenant.no}` }
  await insist(scene, () => ask(scene, tenant, 'POST', '/v2/account', agency))
  const told = `/customer/${one.as.tokenId}`
  const replyUrl = `${RECEIVER}${told}`
  const set = await insist(scene, () => ask(scene, one.as, 'POST', '/v2/account', { replyUrl }))
  if (isGood(set)) one.told = told
  await world.sleep(KNOWN_MS, 'before own tokens make things')
  scene.owned.push(one, other)
  await Promise.all(made.map((token) => make(scene, token)))
  for (let n = 0; n < ROUNDS; n += 1) {
    for (const [spy, its] of [
      [one, other],
      [other, one],
    ] as const) {
      if (tenant.endedAt !== undefined) return
      await spyOn(scene, spy, its)
      await readOwn(scene, spy)
    }
    await world.sleep(KNOWN_MS, 'before own tokens look again')
  }
}

async function make(scene: Scene, { as, marks }: OwnToken): Promise<void> {
  const [direct = '', queued = '', many = '', task = ''] = marks
  const usual = {
    ...{ do: 'create' as const, tenant: 0, kind: 'video', isNamed: false, hasCallbackId: false },
    ...{ languages: 1, polls: 1, waits: false },
  }
  const line = {}
  await Promise.all([
    carryOut(scene, { ...usual, mark: direct, isKeyed: true }, { as }),
    carryOut(scene, { ...usual, mark: queued, isKeyed: false }, { as, line }),
    queueMany(scene, as, many),
    ...(hasKling(scene, as)
      ? [
          makeTask(scene, as, {
            ...{ mark: task, form: 'old', isKeyed: true, isNamed: true, isTold: false },
            ...{ polls: 1, line },
          }),
        ]
      : []),
  ])
}

function hasKling({ klingHolders }: Scene, { no }: Tenant): boolean {
  return [...klingHolders.values()].includes(no)
}

/** Under a key, so a call whose answer is lost is sent again. */
async function queueMany(scene: Scene, as: Tenant, mark: string): Promise<void> {
  const key = `key-${mark}`
  const body = VIDEO.body(mark)
  const item = { tokenId: as.tokenId, names: [] as string[] }
  const intention: Intention = {
    ...{ mark, kind: VIDEO.name, tenant: as.no, isUntracked: false, key, item },
    ...{ answers: [], requestIds: [], jobIds: [], views: [], bodies: [JSON.stringify(body)] },
  }
  scene.intentions.set(mark, intention)
  for (let n = 0; n < 6 && item.names.length === 0; n += 1) {
    if (n > 0) await scene.universe.world.sleep(2000 * 2 ** n, 'before a bulk call again')
    const [said] = await bulk(scene, as, [
      { path: VIDEO.path, body, headers: { 'Idempotency-Key': key } },
    ])
    intention.answers.push(said?.id === undefined ? (said?.code ?? 'nothing') : '200')
    if (said?.id !== undefined) item.names.push(said.id)
  }
  intention.jobIds.push(...item.names)
}

interface Said {
  id?: string
  error?: string
  code?: string
}

async function bulk(scene: Scene, as: Tenant, items: object[]): Promise<Said[]> {
  const body = JSON.stringify(items)
  const answer = await send(scene, as, { method: 'POST', path: '/v1/heygen/queue', body })
  return (jsonOf(answer)['items'] ?? []) as Said[]
}

/** Every call that could tell something of a thing. */
function callsOn(path: string, api: string, id: string): [method: string, path: string][] {
  return [
    ['GET', `${path}/${id}`],
    ['GET', `/v1/${api}/jobs/${id}`],
    ['GET', `/v1/${api}/jobs/${id}/file`],
    ['GET', `/v1/deliveries?job=${id}`],
    ['DELETE', `/v1/${api}/scheduler/${id}`],
    ['DELETE', `/v1/${api}/queue/${id}`],
    ...(api === 'heygen'
      ? ([
          ['DELETE', `${path}/${id}`],
          ['GET', `/heygen/v1/video_status.get?video_id=${id}`],
        ] as [string, string][])
      : ([['GET', `/v1/kling/tasks/${id}`]] as [string, string][])),
  ]
}

async function spyOn(scene: Scene, spy: OwnToken, other: OwnToken): Promise<void> {
  const { violations } = scene
  const needles = needlesOf(scene, other)
  const look = (about: string, text: string) => {
    const seen = seenIn(needles, about, text)
    if (seen !== undefined)
      violations.push(`I5 own: ${seen} was seen at ${about}: ${text.slice(0, 300)}`)
  }
  for (const { path, api, id } of thingsOf(scene, other)) {
    const none = nobodys(id)
    for (const [index, [method, at]] of callsOn(path, api, id).entries()) {
      const theirs = await ask(scene, spy.as, method, at)
      const [, atNone = ''] = callsOn(path, api, none)[index] ?? []
      const nothing = await ask(scene, spy.as, method, atNone)
      const about = `${method} ${at}`
      const isList = at.includes('?job=')
      if (!isList && isGood(theirs))
        violations.push(`I5 own: was served ${about}: ${theirs.body.slice(0, 200)}`)
      look(about, theirs.body + JSON.stringify(theirs.headers))
      const apart = lookAlike(theirs, nothing, id, none)
      if (apart !== undefined) violations.push(`I5 own: told apart at ${about}: ${apart}`)
    }
    if (api === 'heygen') await spyInBulk(scene, spy, id, none)
  }
  for (const list of [...LISTS, `/v1/heygen/queue?token=${other.as.tokenId}`]) {
    const { body, headers } = await ask(scene, spy.as, 'GET', list)
    look(list, body + JSON.stringify(headers))
  }
}

/** A thing of another's and of nobody's in one bulk call: in a creation, and in a call that cannot be queued. */
async function spyInBulk(scene: Scene, { as }: OwnToken, id: string, none: string): Promise<void> {
  const naming = (name: string) => [
    { path: VIDEO.path, body: { ...VIDEO.body('no-mark'), new_video_id: name } },
    { path: '/v1/video/share', body: { video_id: name } },
  ]
  const items = [...naming(id), ...naming(none)]
  const said = await bulk(scene, as, items)
  for (const n of [0, 1]) {
    const [theirs, nothing] = [said[n], said[n + 2]]
    const text = JSON.stringify(theirs)?.replaceAll(id, none)
    if (theirs?.id !== undefined)
      scene.violations.push(`I5 own: queued in bulk what names ${id}: ${text}`)
    if (isPassing(theirs) || isPassing(nothing) || text === JSON.stringify(nothing)) continue
    scene.violations.push(
      `I5 own: told apart in bulk: ${id}: ${text} and not ${JSON.stringify(nothing)}`
    )
  }
}

/** A failure of a moment, which may be of one question alone. */
function isPassing(said: Said | undefined): boolean {
  return said === undefined || ['account_unavailable', 'internal'].includes(said.code ?? '')
}

/** What it has queued itself it finds, as long as nothing goes wrong. */
async function readOwn(scene: Scene, { as, marks }: OwnToken): Promise<void> {
  if (scene.plan.isGentle !== true) return
  const names = marks.flatMap((mark) => scene.intentions.get(mark)?.item?.names ?? [])
  for (const name of names)
    for (const path of [`/v1/heygen/jobs/${name}`, `/heygen${VIDEO.path}/${name}`]) {
      const { status, body } = await ask(scene, as, 'GET', path)
      if (status === 404)
        scene.violations.push(`I5 own: does not find its own: ${path}: ${body.slice(0, 200)}`)
    }
}
