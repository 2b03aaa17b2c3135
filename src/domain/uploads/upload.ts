/** Files that clients upload for a provider which takes media by URL only: what may come, how much, and under which names. */
import * as z from 'zod'
import { hexHash } from '#domain/text/hash.ts'

/** KV holds no larger value. */
export const UPLOAD_BYTES_MAX = 25 * 1024 * 1024
/** Of one token within 24 hours. */
export const UPLOADS_MAX = 500
export const UPLOADED_BYTES_MAX = 2 * 1024 ** 3
/** Of all files together that go up inside one body. */
export const INLINE_BYTES_MAX = 12 * 1024 * 1024

const HOUR_MS = 3_600_000
const HOURS = 24
const PATH = '/files/'
/** 32 random bytes, and the subtype so that the address ends as a file's. */
const NAME = /^[A-Za-z0-9_-]{43}\.[a-z0-9]{1,16}$/
/** No text and nothing that a browser would run. */
const MEDIA = /^(image|audio|video)\/[a-z0-9][a-z0-9.+-]{0,40}$/
const EXTENSIONS: Record<string, string> = {
  jpeg: 'jpg',
  mpeg: 'mp3',
  quicktime: 'mov',
  'x-m4a': 'm4a',
  'x-wav': 'wav',
  wave: 'wav',
  'vnd.wave': 'wav',
}

export const uploadFacts = z.object({ type: z.string(), size: z.number(), tenant: z.string() })

export type UploadFacts = z.infer<typeof uploadFacts>

/** The type that a file will be served with; undefined: it is no image, sound or film. */
export function mediaType(contentType: string | null | undefined): string | undefined {
  const [type = ''] = (contentType ?? '').toLowerCase().split(';')
  const trimmed = type.trim()
  return MEDIA.test(trimmed) && !/xml|svg|html/.test(trimmed) ? trimmed : undefined
}

export function newUploadName(type: string): string {
  const [kind, subtype = ''] = type.split('/')
  const usual = kind === 'video' && subtype === 'mpeg' ? 'mpeg' : (EXTENSIONS[subtype] ?? subtype)
  const ending = usual.replaceAll(/[^a-z0-9]/g, '').slice(0, 16)
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  const secret = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
  return `${secret}.${ending}`
}

export function isUploadName(name: string): boolean {
  return NAME.test(name)
}

/** What stands in storage: whoever reads it there cannot fetch the file. */
export function storedName(name: string): Promise<string> {
  return hexHash(name)
}

export function uploadUrl(origin: string, name: string): string {
  return `${origin}${PATH}${name}`
}

/** The name in an address of ours. */
export function nameInUrl(text: string, origins: readonly string[]): string | undefined {
  const start = origins.map((origin) => origin + PATH).find((one) => text.startsWith(one))
  const name = start === undefined ? '' : text.slice(start.length)
  return isUploadName(name) ? name : undefined
}

export interface SpentHour {
  hour: number
  count: number
  bytes: number
}

export function hourOf(now: number): number {
  return Math.floor(now / HOUR_MS)
}

/** The first hour that still counts. */
export function firstHour(now: number): number {
  return hourOf(now) - HOURS + 1
}

/** When a token may upload so much more: now is undefined. `spent`: its hours, the oldest first. */
export function uploadAllowedAt(
  spent: readonly SpentHour[],
  bytes: number,
  now: number
): number | undefined {
  const counted = spent.filter(({ hour }) => hour >= firstHour(now))
  let count = counted.reduce((sum, one) => sum + one.count, 1)
  let size = counted.reduce((sum, one) => sum + one.bytes, bytes)
  const isTooMuch = () => count > UPLOADS_MAX || size > UPLOADED_BYTES_MAX
  if (!isTooMuch()) return undefined
  for (const one of counted) {
    count -= one.count
    size -= one.bytes
    if (!isTooMuch()) return (one.hour + HOURS) * HOUR_MS
  }
  return now
}
