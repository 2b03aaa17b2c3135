/** I4, of what a client asks later: a job that an answer named is found on the account that made it, with its end. */
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import { ask, isGood, type Scene, type Tenant } from '../clients/scene.ts'
import type { Job } from '../witness/books.ts'

export async function lostOwners(scene: Scene): Promise<string[]> {
  const found: string[] = misplaced(scene)
  for (const tenant of scene.tenants) {
    if (tenant.endedAt !== undefined) continue
    const listed = await ask(scene, tenant, 'GET', '/v1/heygen/accounts')
    if (!isGood(listed)) continue
    const accounts = Object.keys(JSON.parse(listed.body) as object)
    for (const job of namedJobs(scene, tenant))
      if (accounts.includes(job.account)) found.push(...(await lookFor(scene, tenant, job)))
  }
  return found
}

/** Jobs that were named to a client of the tenant, and that nobody has given up or deleted since. */
function namedJobs({ intentions, heygen, drops }: Scene, { no }: Tenant): Job[] {
  return [...intentions.values()]
    .filter(({ tenant, isUntracked }) => tenant === no && !isUntracked)
    .flatMap(({ jobIds }) => [...new Set(jobIds)])
    .flatMap((id) => heygen.jobs.get(id) ?? [])
    .filter(({ isHidden, account }) => !isHidden && !drops.some(({ email }) => email === account))
}

/** On a busy machine an account may miss the time for a search. That is not remembered, so it is found the next time. */
const LOOKS = 3
const LOOK_AGAIN_MS = 600_000

async function lookFor(scene: Scene, tenant: Tenant, job: Job): Promise<string[]> {
  let lacking: string[] = []
  for (let n = 0; n < LOOKS; n += 1) {
    lacking = await lookOnce(scene, tenant, job)
    if (lacking.length === 0) return []
    await scene.universe.world.sleep(LOOK_AGAIN_MS, 'a job is not found')
  }
  return lacking
}

async function lookOnce(scene: Scene, tenant: Tenant, job: Job): Promise<string[]> {
  const { id, mark, account, isDone } = job
  const at = `/heygen${kindNamed(job.kind.name).path}/${id}`
  const own = await ask(scene, tenant, 'GET', at)
  const view = await ask(scene, tenant, 'GET', `/v1/heygen/jobs/${id}`)
  const about = `${mark}, ${id} of ${account}`
  const { status } = JSON.parse(view.body || '{}') as { status?: string }
  const isTold = status === (isDone ? 'completed' : 'failed')
  return [
    ...(own.status === 200 ? [] : [`I4 not found: ${about}: ${own.status} ${own.body}`]),
    ...(isTold ? [] : [`I4 seen otherwise: ${about}: ${view.status} ${view.body}`]),
  ].map((text) => text.slice(0, 300))
}

/** So long a place may not know an account that was added: a copy of KV is 60 s old at most, and an isolate keeps it for 30 s. */
const NEW_MS = 90_000

/** A creation that names what one account has never comes back as not found: that account is its tenant's, and there for good. */
function misplaced({ plan, intentions }: Scene): string[] {
  if (plan.isGentle !== true) return []
  return plan.steps.flatMap(({ after, action }) => {
    if (action.do !== 'create' || action.looks === undefined || after < NEW_MS) return []
    const answers = intentions.get(action.mark)?.answers ?? []
    return answers.some((answer) => answer.startsWith('404'))
      ? [`I4 misplaced: ${action.mark} names what ${action.looks} has: ${answers.join(', ')}`]
      : []
  })
}
