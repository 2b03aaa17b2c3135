/**
 * WebCrypto, as far as the Worker uses it, on Node's synchronous functions. Node's own WebCrypto answers from threads, in any order.
 * This one computes the same bytes and answers within the turn, as workerd does.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  timingSafeEqual,
} from 'node:crypto'

type Bytes = ArrayBuffer | ArrayBufferView
type Named = string | { name: string }

interface Key {
  readonly type: 'secret'
  readonly extractable: boolean
  readonly algorithm: { name: string; hash?: { name: string }; length?: number }
  readonly usages: string[]
  readonly raw: Buffer
  readonly [Symbol.toStringTag]: 'CryptoKey'
}

interface GcmParams {
  iv: Bytes
  additionalData?: Bytes
}

const TAG_BYTES = 16

function toBuffer(bytes: Bytes): Buffer {
  if (ArrayBuffer.isView(bytes))
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Buffer.from(bytes)
}

/** A copy that is alone in its ArrayBuffer, as WebCrypto returns it. */
function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
}

function nameOf(algorithm: Named): string {
  return typeof algorithm === 'string' ? algorithm : algorithm.name
}

function hashName(name: string): string {
  return name.replace('-', '').toLowerCase()
}

function newKey(
  raw: Buffer,
  algorithm: Key['algorithm'],
  extractable: boolean,
  usages: string[]
): Key {
  const tag = 'CryptoKey' as const
  return { type: 'secret', extractable, algorithm, usages, raw, [Symbol.toStringTag]: tag }
}

function hmac(key: Key, data: Bytes): Buffer {
  const hash = hashName(key.algorithm.hash?.name ?? 'SHA-256')
  return createHmac(hash, key.raw).update(toBuffer(data)).digest()
}

export const subtle = {
  async digest(algorithm: Named, data: Bytes): Promise<ArrayBuffer> {
    return toArrayBuffer(
      createHash(hashName(nameOf(algorithm)))
        .update(toBuffer(data))
        .digest()
    )
  },

  async importKey(
    format: string,
    data: Bytes,
    algorithm: Named & { hash?: Named },
    extractable: boolean,
    usages: string[]
  ): Promise<Key> {
    if (format !== 'raw') throw new Error(`the simulation imports no ${format} keys`)
    const hash = algorithm.hash === undefined ? {} : { hash: { name: nameOf(algorithm.hash) } }
    const named = { name: nameOf(algorithm), ...hash }
    return newKey(Buffer.from(toBuffer(data)), named, extractable, usages)
  },

  async deriveKey(
    params: { hash: Named; salt: Bytes; info: Bytes },
    base: Key,
    derived: { name: string; hash?: Named; length?: number },
    extractable: boolean,
    usages: string[]
  ): Promise<Key> {
    const bytes = (derived.length ?? 256) / 8
    const [salt, info] = [toBuffer(params.salt), toBuffer(params.info)]
    const raw = Buffer.from(hkdfSync(hashName(nameOf(params.hash)), base.raw, salt, info, bytes))
    const hash = derived.hash === undefined ? {} : { hash: { name: nameOf(derived.hash) } }
    return newKey(raw, { name: derived.name, ...hash }, extractable, usages)
  },

  async sign(_: Named, key: Key, data: Bytes): Promise<ArrayBuffer> {
    return toArrayBuffer(hmac(key, data))
  },

  async verify(_: Named, key: Key, signature: Bytes, data: Bytes): Promise<boolean> {
    const [mine, given] = [hmac(key, data), toBuffer(signature)]
    return mine.length === given.length && timingSafeEqual(mine, given)
  },

  async encrypt({ iv, additionalData }: GcmParams, key: Key, data: Bytes): Promise<ArrayBuffer> {
    const cipher = createCipheriv(
      `aes-${key.raw.length * 8}-gcm` as 'aes-256-gcm',
      key.raw,
      toBuffer(iv)
    )
    if (additionalData) cipher.setAAD(toBuffer(additionalData))
    const sealed = Buffer.concat([cipher.update(toBuffer(data)), cipher.final()])
    return toArrayBuffer(Buffer.concat([sealed, cipher.getAuthTag()]))
  },

  async decrypt({ iv, additionalData }: GcmParams, key: Key, data: Bytes): Promise<ArrayBuffer> {
    const sealed = toBuffer(data)
    const cipher = createDecipheriv(
      `aes-${key.raw.length * 8}-gcm` as 'aes-256-gcm',
      key.raw,
      toBuffer(iv)
    )
    if (additionalData) cipher.setAAD(toBuffer(additionalData))
    cipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    const plain = [cipher.update(sealed.subarray(0, -TAG_BYTES)), cipher.final()]
    return toArrayBuffer(Buffer.concat(plain))
  },

  timingSafeEqual: (one: Bytes, other: Bytes) => timingSafeEqual(toBuffer(one), toBuffer(other)),
}
