/** Rules for files that clients upload for a provider that takes media by URL only: types, limits and names. */
import * as z from 'zod/mini'
import { hexHash } from '#domain/text/hash.ts'

/** The largest value in KV. */
export const UPLOAD_BYTES_MAX = 25 * 1024 * 1024
/** Limits for one token in 24 hours. */
export const UPLOADS_MAX = 500
export const UPLOADED_BYTES_MAX = 2 * 1024 ** 3
/** The limit for the sum of all files in one body. */
export const INLINE_BYTES_MAX = 12 * 1024 * 1024

const HOUR_MS = 3_600_000
const HOURS = 24
const PATH = '/files/'
/** 32 random bytes as base64url, and a file extension. */
const NAME = /^[A-Za-z0-9_-]{43}\.[a-z0-9]{1,16}$/
/** Accepted types: media only, no text, and nothing that a browser would run. */
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

/** The content type that a file is served with. Undefined: it is no image, audio or video. */
export function mediaType(contentType: string | null | undefined): string | undefined {
  const [type = ''] = (contentType ?? '').toLowerCase().split(';')
  const trimmed = type.trim()
  return MEDIA.test(trimmed) && !/xml|svg|html/.test(trimmed) ? trimmed : undefined
}

/** Makes a name that cannot be guessed. `bytes`: 32 random bytes. */
export function newUploadName(type: string, bytes: Uint8Array): string {
  const [kind, subtype = ''] = type.split('/')
  const usual = kind === 'video' && subtype === 'mpeg' ? 'mpeg' : (EXTENSIONS[subtype] ?? subtype)
  const ending = usual.replaceAll(/[^a-z0-9]/g, '').slice(0, 16)
  const secret = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
  return `${secret}.${ending}`
}

export function isUploadName(name: string): boolean {
  return NAME.test(name)
}

/** The name in storage. It is a hash, so that nobody who reads the storage can fetch the file. */
export function storedName(name: string): Promise<string> {
  return hexHash(name)
}

export function uploadUrl(origin: string, name: string): string {
  return `${origin}${PATH}${name}`
}

/** The upload's name in a URL of the gateway. Undefined: it is another URL. */
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

/** When the token may upload so many bytes more, epoch ms. Undefined: now. `spent`: the token's uploads by hour, oldest first. */
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
