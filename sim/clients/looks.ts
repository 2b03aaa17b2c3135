/** Steps that read: status paths, lists by page, another tenant's jobs, files deleted. */
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import { ask, isGood, jsonOf, type Intention, type Scene, type Tenant } from './scene.ts'

/** Every path that tells how a job is. */
export function statusPaths({ kind, jobIds, requestIds, key }: Intention): string[] {
  const [id] = jobIds
  const { path } = kindNamed(kind)
  return [
    ...(id === undefined ? [] : [`/heygen${path}/${id}`, `/v1/heygen/jobs/${id}`, `${path}/${id}`]),
    ...requestIds.slice(0, 1).map((one) => `/v1/heygen/jobs/${one}`),
    ...(key === undefined ? [] : [`/v1/heygen/jobs/key:${key}`]),
    ...(id !== undefined && kind === 'video'
      ? [`/heygen/v1/video_status.get?video_id=${id}`, `/v1/heygen/jobs/${id}/file`]
      : []),
    ...(id !== undefined && kind === 'translation' ? [`/heygen/v2/video_translate/${id}`] : []),
  ]
}

export async function listPages(
  scene: Scene,
  tenant: Tenant,
  kind: string,
  pages: number
): Promise<void> {
  const { path } = kindNamed(kind)
  let next = ''
  for (let n = 0; n < pages; n += 1) {
    const answer = await ask(scene, tenant, 'GET', `/heygen${path}?limit=3${next}`)
    const { next_token: token } = jsonOf(answer) as { next_token?: string | null }
    if (token === undefined || token === null) return
    next = `&token=${encodeURIComponent(token)}`
  }
}

/** A tenant asks for everything of another one's job, and tries to stop it. */
export async function spy(scene: Scene, spying: Tenant, mark: string): Promise<void> {
  const intention = scene.intentions.get(mark)
  if (!intention || intention.tenant === spying.no) return
  for (const path of statusPaths(intention)) await ask(scene, spying, 'GET', path)
  const [id] = intention.jobIds
  if (id === undefined) return
  await ask(scene, spying, 'DELETE', `/v1/heygen/scheduler/${id}?force=true`)
  await ask(scene, spying, 'GET', `/v1/deliveries?job=${id}`)
}

export async function deleteJob(scene: Scene, mark: string): Promise<void> {
  const intention = scene.intentions.get(mark)
  const tenant = intention && scene.everyTenant[intention.tenant]
  const [id] = intention?.jobIds ?? []
  if (!intention || !tenant || id === undefined) return
  intention.isUntracked = true
  await ask(scene, tenant, 'DELETE', `/heygen${kindNamed(intention.kind).path}/${id}`)
}

export async function untrack(scene: Scene, mark: string): Promise<void> {
  const intention = scene.intentions.get(mark)
  const tenant = intention && scene.everyTenant[intention.tenant]
  const [id] = intention?.jobIds ?? []
  if (!intention || !tenant || id === undefined) return
  intention.isUntracked = true
  const answer = await ask(scene, tenant, 'DELETE', `/v1/heygen/scheduler/${id}`)
  if (isGood(answer)) intention.untracked = { id, at: scene.universe.world.now }
}
