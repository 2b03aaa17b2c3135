/**
 * Two customers of one tenant: own tokens, which make things beside each other on one pool. Each asks for what the other has made, and
 * for lists. No answer may be good, and none may hold anything of the other's or the name of an account (docs/rfc/0010-sees-own.md).
 */
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import { carryOut } from '../clients/client.ts'
import { statusPaths } from '../clients/looks.ts'
import { alone, ask, isGood, type Scene, type Tenant } from '../clients/scene.ts'
import { makeToken } from '../clients/set-up.ts'
import type { PlannedCustomers } from '../plans/plan.ts'

interface Customer {
  /** The tenant with the customer's token. */
  as: Tenant
  marks: string[]
}

const LISTS = [
  '/heygen/v3/videos',
  '/v1/heygen/jobs?limit=100',
  '/v1/heygen/jobs',
  '/v1/deliveries',
]

export async function serveCustomers(
  scene: Scene,
  tenant: Tenant,
  { place, marks, kind }: PlannedCustomers
): Promise<void> {
  const customers: Customer[] = []
  // A token that is made while its tenant is removed would make another tenant.
  await alone(scene, async () => {
    for (const mine of [marks.slice(0, 2), marks.slice(2)]) {
      if (tenant.endedAt !== undefined) return
      const made = await makeToken(scene, tenant.name, { sees: 'own' })
      if (made) customers.push({ as: { ...tenant, ...made }, marks: mine })
    }
  })
  const [one, other] = customers
  if (!one || !other) return
  await Promise.all(customers.map((customer) => make(scene, customer, place, kind)))
  for (let n = 0; n < 2; n += 1) {
    await spyOn(scene, tenant, one, other)
    await spyOn(scene, tenant, other, one)
    await scene.universe.world.sleep(120_000, 'before a customer looks again')
  }
}

async function make(scene: Scene, { as, marks }: Customer, place: number, kind: string) {
  for (const mark of marks) {
    const planned = {
      ...{ do: 'create' as const, tenant: place, mark, kind, isKeyed: true, isNamed: false },
      ...{ hasCallbackId: true, languages: 1, waits: true, polls: 2 },
    }
    await carryOut(scene, planned, as)
  }
}

async function spyOn(scene: Scene, { endedAt }: Tenant, spy: Customer, other: Customer) {
  if (endedAt !== undefined) return
  const theirs = other.marks.flatMap((mark) => scene.intentions.get(mark) ?? [])
  const calls = theirs.flatMap((intention) => [
    ...statusPaths(intention).map((path) => ['GET', path] as const),
    ...intention.jobIds.flatMap((id) => [
      ['DELETE', `/heygen${kindNamed(intention.kind).path}/${id}`] as const,
      ['DELETE', `/v1/heygen/scheduler/${id}`] as const,
    ]),
  ])
  const ids = theirs.flatMap(({ mark, jobIds, requestIds }) => [mark, ...jobIds, ...requestIds])
  for (const [method, path] of [...calls, ...LISTS.map((list) => ['GET', list] as const)]) {
    const answer = await ask(scene, spy.as, method, path)
    const isList = LISTS.includes(path)
    // One key may be of both: it finds the spy's own.
    if (!isList && isGood(answer) && !path.includes('key:'))
      scene.violations.push(`I5 an own token was served ${method} ${path}: ${answer.status}`)
    const said = answer.body + JSON.stringify(answer.headers)
    const seen = [...ids, '@example.com'].find(
      (text) => said.includes(text) && !path.includes(text)
    )
    if (seen !== undefined)
      scene.violations.push(
        `I5 an own token saw ${seen} at ${method} ${path}: ${said.slice(0, 300)}`
      )
  }
}
