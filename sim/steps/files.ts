/** Steps about files: uploads to an account, creations that name them wherever they are, deletions. */
import { ask, jsonOf, send, type Scene, type Tenant, type Upload } from '../clients/scene.ts'

const MARK = 'sim-boundary'

/** `account`: the gateway is told where the file must be. */
export async function upload(
  scene: Scene,
  tenant: Tenant,
  { file, account }: { file: string; account?: string }
): Promise<void> {
  // More than ASCII, and a line that looks like the end of a part.
  const content = `file of ${file} ✓\r\n--${MARK}\r\nstill the same file`
  const kept: Upload = { tenant: tenant.no, content, isDeleted: false }
  scene.uploads.set(file, kept)
  const [before, after] = [
    `--sim-outer\r\ncontent-disposition: form-data; name="file"; filename="face.png"\r\ncontent-type: image/png\r\n\r\n`,
    '\r\n--sim-outer--\r\n',
  ]
  const sent = await send(scene, tenant, {
    ...{ method: 'POST', path: '/heygen/v3/assets', body: before + content + after },
    headers: {
      'content-type': 'multipart/form-data; boundary=sim-outer',
      ...(account === undefined ? {} : { 'x-gateway-account': account }),
    },
  })
  const { data } = jsonOf(sent) as { data?: { asset_id: string; size_bytes: number } }
  if (!data) return
  if (data.size_bytes !== Buffer.byteLength(content))
    scene.violations.push(`I7 an upload of ${Buffer.byteLength(content)} bytes: ${sent.body}`)
  kept.id = data.asset_id
}

export async function deleteFile(scene: Scene, file: string): Promise<void> {
  const kept = scene.uploads.get(file)
  const tenant = kept && scene.everyTenant[kept.tenant]
  if (!kept?.id || !tenant) return
  kept.isDeleted = true
  await ask(scene, tenant, 'DELETE', `/heygen/v3/assets/${kept.id}`)
}

/** Somebody deletes, in HeyGen's own pages, the copies that the gateway has made. */
export function loseCopies({ heygen: { files }, uploads }: Scene): void {
  const own = new Set([...uploads.values()].map(({ id }) => id))
  for (const file of files.all.values()) if (!own.has(file.id)) file.isDeleted = true
}
