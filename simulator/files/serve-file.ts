/** What links lead to: small real media with ranges, streams of any length, and the storage of uploads. */
import { withFault } from '../faults/effects.ts'
import { takeFault } from '../faults/faults.ts'
import { KEPT_MAX_BYTES } from '../heygen/uploads/multipart.ts'
import { putUpload } from '../heygen/uploads/uploads.ts'
import { recordRequest } from '../state/requests.ts'
import type { State } from '../state/state.ts'
import { GIF_BASE64, JPG_BASE64, MP3_BASE64, MP4_BASE64, PNG_BASE64, WAV_BASE64 } from './media.ts'

const MEDIA: Record<string, { type: string; base64: string }> = {
  mp4: { type: 'video/mp4', base64: MP4_BASE64 },
  jpg: { type: 'image/jpeg', base64: JPG_BASE64 },
  jpeg: { type: 'image/jpeg', base64: JPG_BASE64 },
  png: { type: 'image/png', base64: PNG_BASE64 },
  gif: { type: 'image/gif', base64: GIF_BASE64 },
  wav: { type: 'audio/wav', base64: WAV_BASE64 },
  mp3: { type: 'audio/mpeg', base64: MP3_BASE64 },
}
const CAPTION = '00:00:00.000 --> 00:00:02.000\nHello there.\n'
const TEXTS: Record<string, { type: string; text: string }> = {
  srt: { type: 'application/x-subrip', text: `1\n${CAPTION.replaceAll('.000', ',000')}` },
  vtt: { type: 'text/vtt', text: `WEBVTT\n\n${CAPTION}` },
  m3u8: { type: 'application/vnd.apple.mpegurl', text: '#EXTM3U\n#EXT-X-ENDLIST\n' },
}
/** For endings without a sample, such as webp. */
const FALLBACK = { type: 'image/jpeg', base64: JPG_BASE64 }

/** Links to files meet only the faults that name them. */
export function answerFile(state: State, request: Request, url: URL): Promise<Response> {
  const path = url.pathname
  const target = {
    method: request.method,
    path,
    template: '',
    kind: '',
    account: null,
    host: 'files',
  }
  return withFault(takeFault(state, target), { path }, () => serveFile(state, request, url))
}

async function serveFile(state: State, request: Request, url: URL): Promise<Response> {
  const upload = /^\/files\/uploads\/([^/]+)$/.exec(url.pathname)?.[1]
  if (upload && request.method === 'PUT') return putUpload(state, request, upload)
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return new Response(null, { status: 405 })
  const uploaded = toUploaded(state, request, url)
  const source = uploaded ?? (url.pathname === '/files/big' ? toBig(url) : toSample(url.pathname))
  return withRange(request, source)
}

type Source = {
  type: string
  length: number
  etag: string
  read: (from: number, to: number) => ReadableStream
}

/** An asset's own bytes, or as many if they were not kept. Recorded, since it is a call to HeyGen's storage. */
function toUploaded(state: State, request: Request, url: URL): Source | undefined {
  const id = /^\/files\/([0-9a-f]{32})\./.exec(url.pathname)?.[1]
  const asset =
    id && state.resources.values().find((each) => each.type === 'asset' && each.id === id)
  if (!asset || typeof asset.doc.mime_type !== 'string') return undefined
  const bytes = state.files.get(asset.id)
  const size = Number(asset.doc.size_bytes)
  if (!bytes && size <= KEPT_MAX_BYTES) return undefined
  recordRequest(state, request, { host: 'files', path: url.pathname, account: null }).status = 200
  if (!bytes) {
    url.searchParams.set('bytes', String(size))
    return { ...toBig(url), type: asset.doc.mime_type }
  }
  const read = (from: number, to: number): ReadableStream =>
    new Blob([bytes.slice(from, to)]).stream()
  return { type: asset.doc.mime_type, length: bytes.length, etag: `"sim-${asset.id}"`, read }
}

function toSample(path: string): Source {
  const extension = path.split('.').at(-1)?.toLowerCase() ?? ''
  const text = TEXTS[extension]
  const media = extension === 'webm' ? MEDIA.mp4 : MEDIA[extension]
  const { type } = text ?? media ?? FALLBACK
  const bytes = text
    ? new TextEncoder().encode(text.text)
    : Uint8Array.from(atob((media ?? FALLBACK).base64), (character) => character.charCodeAt(0))
  const read = (from: number, to: number): ReadableStream =>
    new Blob([bytes.slice(from, to)]).stream()
  return { type, length: bytes.length, etag: `"sim-${extension}-${bytes.length}"`, read }
}

const CHUNK_BYTES = 64 * 1024

/** Byte n is n modulo 251, so that tests can check ranges. */
function toBig(url: URL): Source {
  const length = Math.max(0, Math.floor(Number(url.searchParams.get('bytes')) || 0))
  const read = (from: number, to: number): ReadableStream => {
    let at = from
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= to) return controller.close()
        const start = at
        const chunk = new Uint8Array(Math.min(CHUNK_BYTES, to - at)).map(
          (_, index) => (start + index) % 251
        )
        at += chunk.length
        controller.enqueue(chunk)
      },
    })
  }
  return { type: 'application/octet-stream', length, etag: `"big-${length}"`, read }
}

async function withRange(request: Request, source: Source): Promise<Response> {
  const headers = new Headers({
    'accept-ranges': 'bytes',
    'content-type': source.type,
    etag: source.etag,
    'last-modified': 'Sun, 01 Nov 2026 00:00:00 GMT',
  })
  if (request.headers.get('if-none-match') === source.etag)
    return new Response(null, { status: 304, headers })
  const isSame = [null, source.etag].includes(request.headers.get('if-range'))
  const range = isSame ? readRange(request.headers.get('range'), source.length) : undefined
  if (range === 'bad') {
    headers.set('content-range', `bytes */${source.length}`)
    return new Response(null, { status: 416, headers })
  }
  const [from, to] = range ?? [0, source.length]
  if (range) headers.set('content-range', `bytes ${from}-${to - 1}/${source.length}`)
  const status = range ? 206 : 200
  if (request.method === 'HEAD') {
    headers.set('content-length', String(to - from))
    return new Response(null, { status, headers })
  }
  const body = source.read(from, to).pipeThrough(new FixedLengthStream(to - from))
  return new Response(body, { status, headers })
}

function readRange(header: string | null, length: number): [number, number] | 'bad' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (!match[1] && !match[2])) return undefined
  const from = match[1] ? Number(match[1]) : Math.max(0, length - Number(match[2]))
  const to = match[1] && match[2] ? Math.min(length, Number(match[2]) + 1) : length
  return from >= length || from >= to ? 'bad' : [from, to]
}
