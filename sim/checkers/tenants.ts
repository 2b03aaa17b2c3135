/**
 * I5: no answer to one tenant, and nothing told to it, holds an id, a text, an address or a request of another. What stands in an
 * account at HeyGen is shown to whoever has the account now.
 */
import type { Scene, Tenant } from '../clients/scene.ts'
import { ask, emailOf } from '../clients/scene.ts'
import { BROKEN } from '../witness/heygen.ts'

const NAMES =
  /\b(?:mark-\d+-\d+|[a-z]+-[0-9a-f]{20}|tenant\d+\/\d+|[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f-]{17}|\d{18,19}|(?:[a-z]+_)?[0-9a-f]{32}|[a-z]+@example\.com)(?!\w)/g

export function othersSeen(scene: Scene): string[] {
  const { answers, receivers } = scene
  const owners = ownersOf(scene)
  const found = new Set<string>()
  const look = (tenant: number, about: string, text: string) => {
    for (const [name] of text.matchAll(NAMES)) {
      // Who asks for a thing by its name, hears that name.
      if (owners.get(name)?.has(tenant) !== false || about.includes(name)) continue
      if (isPath(about) && heldBy(scene, name, tenant)) continue
      found.add(
        `I5 tenant ${tenant} saw ${name} of tenant ${[...(owners.get(name) ?? [])].join(', ')}: ${about}`
      )
    }
  }
  for (const { tenant, about, answer } of answers) {
    look(tenant, about, answer.body + JSON.stringify(answer.headers))
    if (answer.status !== 200 || answer.body === BROKEN) continue
    for (const [name] of about.matchAll(NAMES))
      if (
        owners.get(name)?.has(tenant) === false &&
        !about.includes('?job=') &&
        !(isPath(about) && heldBy(scene, name, tenant))
      )
        found.add(`I5 tenant ${tenant} was served ${about}: ${answer.body.slice(0, 200)}`)
  }
  for (const { path, body, headers, at } of receivers.received) {
    const [, number] = /^\/tenant(\d+)\//.exec(path) ?? []
    const mark = path.split('/').at(-1) ?? ''
    const tenant =
      number === undefined
        ? scene.intentions.get(mark)?.tenant
        : holderOf(scene, Number(number), at)
    if (tenant === undefined) continue
    look(tenant, path, body + JSON.stringify(headers))
  }
  return [...found]
}

/** Whose an endpoint is: that of a tenant that came back is the new one's. */
function holderOf({ comebacks }: Scene, no: number, at: number): number {
  const back = comebacks.find((one) => one.from === no && one.at <= at)
  return back ? back.to : no
}

/** HeyGen's own paths. */
function isPath(about: string): boolean {
  return / \/(?:heygen|v3)\//.test(about)
}

/** The names of things, and the tenants whose they are. */
function ownersOf({
  kling,
  klingIntentions,
  klingHolders,
  intentions,
  heygen,
  everyTenant,
  accounts,
  answers,
  uploads,
}: Scene) {
  const owners = new Map<string, Set<number>>()
  const own = (name: string, tenant: number) =>
    owners.set(name, (owners.get(name) ?? new Set()).add(tenant))
  for (const { mark, tenant, item } of [...intentions.values(), ...klingIntentions.values()]) {
    own(mark, tenant)
    for (const name of item?.names ?? []) own(name, tenant)
  }
  for (const { id, mark } of heygen.jobs.values()) {
    const tenant = intentions.get(mark)?.tenant
    if (tenant !== undefined) own(id, tenant)
  }
  for (const { id, content } of heygen.files.all.values())
    for (const upload of uploads.values()) if (upload.content === content) own(id, upload.tenant)
  for (const { id, account } of kling.tasks.values()) own(id, klingHolders.get(account) ?? -1)
  for (const [email, no] of klingHolders) own(email, no)
  for (const { no, endpoints } of everyTenant)
    for (const { path } of endpoints) own(path.slice(1), no)
  for (const [name, { holders }] of accounts) for (const no of holders) own(emailOf(name), no)
  for (const { tenant, answer } of answers) {
    const requestId = answer.headers['x-request-id']
    if (requestId !== undefined) own(requestId, tenant)
  }
  return owners
}

/** Whether the tenant has, or had, the account in which the thing is. */
function heldBy(
  { heygen, kling, klingHolders, accounts, intentions }: Scene,
  name: string,
  tenant: number
): boolean {
  const isHeld = (account: string) =>
    accounts.get(account.slice(0, account.indexOf('@')))?.holders.has(tenant) === true
  const task = kling.tasks.get(name) ?? [...kling.tasks.values()].find(({ mark }) => mark === name)
  if (task) return klingHolders.get(task.account) === tenant
  const file = heygen.files.all.get(name)
  if (file) return isHeld(file.account)
  return [...heygen.jobs.values()].some(
    ({ id, mark, account }) =>
      (id === name || mark === name) && (intentions.has(mark) || id === name) && isHeld(account)
  )
}

/** Tokens that were removed open nothing. */
export async function removedTokensWork(scene: Scene): Promise<string[]> {
  const found: string[] = []
  const look = async (token: string, tenant: Tenant) => {
    const { status } = await ask(scene, tenant, 'GET', '/v1/heygen/jobs', undefined, token)
    // 429: too many wrong tokens came from this address.
    if (status !== 401 && status !== 429)
      found.push(`I5 a removed token of tenant ${tenant.no} is answered ${status}`)
  }
  for (const { token, tenant } of scene.removedTokens) await look(token, tenant)
  return found
}
