/**
 * One request as it goes over a socket, byte for byte. An HTTP client would correct it. What workerd itself answers before the
 * Worker runs (CONNECT, a request line or framing that is not HTTP) is not the gateway's, and is not made here.
 */
import { connect } from 'node:net'

export interface Wire {
  method: string
  /** Path and query, in ASCII. */
  target: string
  headers: [string, string][]
  body?: string | Uint8Array | undefined
  /** `chunks`: sent in chunks of this many characters. `cut`: the connection ends before the body does. */
  chunks?: number | undefined
  cut?: boolean | undefined
}

export interface Answer {
  /** 0: the connection ended without an answer. */
  status: number
  headers: Headers
  text: string
  /** workerd closed the connection while the client still sent its body. Then the client may have missed the answer. */
  isReset: boolean
}

/** Far longer than any answer takes, also on a slow machine: it only finds what never ends. */
const LONGEST_MS = 120_000

class Hangs extends Error {}

export function send(url: string, wire: Wire): Promise<Answer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname)
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Hangs(`no answer within ${LONGEST_MS} ms`))
    }, LONGEST_MS)
    const end = (isReset: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ ...toAnswer(Buffer.concat(chunks)), isReset })
    }
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (isWhole(Buffer.concat(chunks), wire.method)) end(false)
    })
    socket.on('error', () => end(true))
    socket.on('close', () => end(false))
    write(socket, headOf(wire, `${hostname}:${port}`), wire)
  })
}

function write(socket: ReturnType<typeof connect>, head: string, wire: Wire): void {
  const { chunks, cut = false, body = '' } = wire
  const bytes = Buffer.from(body as string)
  if (cut) {
    socket.write(Buffer.concat([Buffer.from(head), bytes.subarray(0, bytes.length / 2)]))
    socket.end()
  } else if (chunks === undefined) socket.write(Buffer.concat([Buffer.from(head), bytes]))
  else {
    socket.write(head)
    for (let at = 0; at < bytes.length; at += chunks) {
      const piece = bytes.subarray(at, at + chunks)
      socket.write(`${piece.length.toString(16)}\r\n`)
      socket.write(piece)
      socket.write('\r\n')
    }
    socket.write('0\r\n\r\n')
  }
}

function headOf({ method, target, headers, body, chunks }: Wire, host: string): string {
  const length = Buffer.byteLength(body ?? '')
  const framing =
    chunks === undefined
      ? body === undefined
        ? []
        : [`Content-Length: ${length}`]
      : ['Transfer-Encoding: chunked']
  const lines = headers.map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...framing, ...lines, '\r\n'].join(
    '\r\n'
  )
}

/** A socket or a stream of events stays open: its head is the answer. */
const ENDLESS = /^HTTP\/1.1 101 |\r\ncontent-type: text\/event-stream/i

/** Whether the answer is there. The connection is kept open meanwhile, so that workerd reads the body that it need not. */
function isWhole(bytes: Buffer, method: string): boolean {
  const at = bytes.indexOf('\r\n\r\n')
  if (at === -1) return false
  const head = bytes.subarray(0, at).toString('latin1')
  if (ENDLESS.test(head) || method === 'HEAD' || /^HTTP\/1.1 (204|304)/.test(head)) return true
  if (/\r\ntransfer-encoding: chunked/i.test(head)) return bytes.subarray(-7).equals(LAST_CHUNK)
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(head) ?? []
  return length !== undefined && bytes.length >= at + 4 + Number(length)
}

const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n')

function toAnswer(bytes: Buffer): Omit<Answer, 'isReset'> {
  const at = bytes.indexOf('\r\n\r\n')
  if (at === -1) return { status: 0, headers: new Headers(), text: '' }
  const [first = '', ...lines] = bytes.subarray(0, at).toString('latin1').split('\r\n')
  const headers = new Headers(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as [string, string]
    })
  )
  const sent = bytes.subarray(at + 4)
  const isChunked = headers.get('transfer-encoding') === 'chunked'
  const text = (isChunked ? joined(sent) : sent).toString('utf8')
  return { status: Number(first.split(' ')[1]), headers, text }
}

function joined(bytes: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at)
    const length = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16)
    if (end === -1 || !(length > 0)) return Buffer.concat(pieces)
    pieces.push(bytes.subarray(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
}
