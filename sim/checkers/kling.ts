/** I1 to I4 at Kling: a task is started once, its slot comes back, and its end is told and found. */
import { isGentle } from '../clients/gentle.ts'
import { ask, isGood, type Scene, type Tenant } from '../clients/scene.ts'
import type { KlingTask } from '../witness/kling.ts'

export async function klingPromises(scene: Scene): Promise<string[]> {
  const { kling, klingIntentions, klingHolders, everyTenant } = scene
  if (klingHolders.size === 0) return []
  const found = startedTwice(scene)
  for (const tenant of new Set(klingHolders.values())) {
    const holder = everyTenant[tenant]
    if (!holder || holder.endedAt !== undefined) continue
    const { body } = await ask(scene, holder, 'GET', '/v1/kling/scheduler/available')
    const { available = [] } = JSON.parse(body) as { available?: { executing: number }[] }
    for (const one of available)
      if (one.executing > 0) found.push(`I2 kling: slots held at rest: ${JSON.stringify(one)}`)
  }
  for (const { mark, tenant, taskIds, isTold, answers, item } of klingIntentions.values()) {
    // What was queued has names (line/promises.ts).
    if (item) continue
    const holder = everyTenant[tenant]
    if (!holder || holder.endedAt !== undefined) continue
    const started = [...kling.tasks.values()].filter((task) => task.mark === mark)
    const about = `${mark} (${answers.join(', ')}; ${taskIds.join(' ')})`
    if (isGentle(scene) && answers[0]?.startsWith('2') && started.length !== 1)
      found.push(`I4 kling: ${about} was started ${started.length} times`)
    for (const task of started) {
      if (!taskIds.includes(task.id)) continue
      if (isTold && !isTaskTold(scene, task)) found.push(`I3 kling: ${about} was not told`)
      found.push(...(await endSeen(scene, holder, task)).map((text) => `${text}: ${about}`))
    }
  }
  return found
}

function startedTwice({ kling }: Scene): string[] {
  const marks = [...kling.tasks.values()].map(({ mark }) => mark).filter((mark) => mark !== '')
  return [...new Set(marks)].flatMap((mark) => {
    const count = marks.filter((one) => one === mark).length
    return count > 1 ? [`I4 kling: ${mark} was started ${count} times`] : []
  })
}

/** Its own address got the end, in the right words. */
function isTaskTold({ receivers }: Scene, { id, mark, state }: KlingTask): boolean {
  const word = state === 'succeed' ? /"succeed(?:ed)?"/ : /"failed"/
  return receivers
    .to(`/kling/${mark}`)
    .some(({ body, status }) => status === 200 && body.includes(id) && word.test(body))
}

async function endSeen(scene: Scene, tenant: Tenant, { id, state }: KlingTask): Promise<string[]> {
  const view = await ask(scene, tenant, 'GET', `/v1/kling/jobs/${id}`)
  const { status } = JSON.parse(view.body || '{}') as { status?: string }
  const isRight = status === (state === 'succeed' ? 'completed' : 'failed')
  const task = await ask(scene, tenant, 'GET', `/v1/kling/tasks/${id}`)
  const isShown = isGood(task) && task.body.includes(state)
  return [
    ...(isRight ? [] : [`I4 kling: seen otherwise: ${view.status} ${view.body.slice(0, 200)}`]),
    ...(isShown ? [] : [`I4 kling: not found: ${task.status} ${task.body.slice(0, 200)}`]),
  ]
}
