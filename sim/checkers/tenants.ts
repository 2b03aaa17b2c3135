/** I5: no answer to one tenant, and nothing told to it, holds an id or a text of another. */
import type { Scene } from '../clients/scene.ts'

const NAMES = /\b(?:mark-\d+-\d+|[a-z]+-[0-9a-f]{20})\b/g

export function othersSeen(scene: Scene): string[] {
  const { heygen, intentions, answers, receivers } = scene
  const ownerOf = new Map<string, number>()
  for (const { mark, tenant } of intentions.values()) ownerOf.set(mark, tenant)
  for (const { id, mark } of heygen.jobs.values()) {
    const tenant = ownerOf.get(mark)
    if (tenant !== undefined) ownerOf.set(id, tenant)
  }
  const found: string[] = []
  const look = (tenant: number, about: string, text: string) => {
    for (const [name] of text.matchAll(NAMES)) {
      const owner = ownerOf.get(name)
      if (owner !== undefined && owner !== tenant)
        found.push(`I5 tenant ${tenant} saw ${name} of tenant ${owner}: ${about}`)
    }
  }
  for (const { tenant, about, answer } of answers)
    look(tenant, about, answer.body + JSON.stringify(answer.headers))
  for (const { path, body } of receivers.received) {
    const [, number] = /^\/tenant(\d+)\//.exec(path) ?? []
    const tenant = number === undefined ? ownerOf.get(path.split('/').at(-1) ?? '') : Number(number)
    if (tenant !== undefined) look(tenant, path, body)
  }
  return found
}
