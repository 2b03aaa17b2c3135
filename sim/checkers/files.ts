/**
 * Files that were copied to another account (docs/usage.md): a copy is made once for each account, is never shown, and goes with its
 * original. A crash or a lost answer may leave a second copy, which costs nothing, so this is checked where nothing went wrong.
 */
import { isGentle } from '../clients/gentle.ts'
import { ask, isGood, type Scene } from '../clients/scene.ts'
import type { StoredFile } from '../witness/files.ts'

export async function wrongCopies(scene: Scene): Promise<string[]> {
  if (scene.uploads.size === 0 || !isGentle(scene)) return []
  const { heygen, uploads, tenants } = scene
  const own = new Set([...uploads.values()].map(({ id }) => id))
  const copies = [...heygen.files.all.values()].filter(({ id }) => !own.has(id))
  const found: string[] = [...twiceCopied(copies.filter(({ isDeleted }) => !isDeleted))]
  for (const { id, content, isDeleted } of uploads.values()) {
    const left = copies.filter((one) => one.content === content && !one.isDeleted)
    if (id !== undefined && isDeleted && left.length > 0)
      found.push(`files: ${id} was deleted, and its copy ${left[0]?.id} was not`)
  }
  for (const tenant of tenants) {
    if (tenant.endedAt !== undefined) continue
    const listed = await ask(scene, tenant, 'GET', '/heygen/v3/assets')
    if (!isGood(listed)) continue
    const shown = copies.find(({ id }) => listed.body.includes(id))
    if (shown)
      found.push(`files: the list shows the copy ${shown.id}: ${listed.body.slice(0, 300)}`)
  }
  return found
}

function twiceCopied(copies: StoredFile[]): string[] {
  const names = copies.map(({ account, content }) => `${account}: ${content.slice(0, 30)}`)
  return names.flatMap((name, n) =>
    names.indexOf(name) < n ? [`files: two copies at ${name}`] : []
  )
}
