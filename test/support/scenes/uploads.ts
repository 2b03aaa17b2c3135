/** Makes uploads as clients do, on both surfaces. */
import type { Gateway } from '../gateway.ts'

export interface Uploaded {
  status: number
  id: string
  /** The key of an image, which the older surface answers. */
  key: string
  by: string
}

const PNG = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10, 0, 1, 2, 3])

export async function upload(
  gateway: Gateway,
  headers: Record<string, string> = {},
  bytes: Uint8Array<ArrayBuffer> = PNG
): Promise<Uploaded> {
  const form = new FormData()
  form.set('file', new Blob([bytes], { type: 'image/png' }), 'photo.png')
  return read(await gateway.fetch('/heygen/v3/assets', { method: 'POST', body: form, headers }))
}

export async function uploadRaw(
  gateway: Gateway,
  headers: Record<string, string> = {},
  path = '/heygen/v1/asset'
): Promise<Uploaded> {
  const init = { method: 'POST', body: PNG, headers: { 'content-type': 'image/png', ...headers } }
  return read(await gateway.fetch(path, init))
}

export async function announce(gateway: Gateway): Promise<Uploaded> {
  const file = { content_type: 'image/png', filename: 'photo.png', size_bytes: PNG.length }
  return read(await gateway.post('/heygen/v3/assets/direct-uploads', file))
}

async function read(answer: Response): Promise<Uploaded> {
  const { data } = (await answer.json()) as { data?: Record<string, string> }
  return {
    status: answer.status,
    id: data?.asset_id ?? data?.id ?? data?.talking_photo_id ?? '',
    key: data?.image_key ?? '',
    by: answer.headers.get('x-gateway-account') ?? '',
  }
}

/** A video that names these assets, as its watermark and as its references. */
export function withAssets(...ids: string[]): Record<string, unknown> {
  const [first = '', ...others] = ids.map((id) => ({ type: 'asset_id', asset_id: id }))
  return {
    watermark: { image: first },
    ...(others.length > 0 ? { references: others } : {}),
  }
}
