/** Keeps uploaded files. Each is one KV value that expires by itself. Nothing lists them. */
import type { UploadStore } from '#domain/ports/ports.ts'
import { storedName, uploadFacts } from '#domain/uploads/upload.ts'
import { keys } from './keys.ts'

/** The shortest expiry that KV takes. */
const EXPIRY_SECONDS_MIN = 60

export function makeUploadStore(kv: KVNamespace, keepMs: number): UploadStore {
  const expirationTtl = Math.max(EXPIRY_SECONDS_MIN, Math.ceil(keepMs / 1000))
  return {
    async keep(name, body, metadata) {
      await kv.put(keys.upload(await storedName(name)), body, { expirationTtl, metadata })
    },
    async find(name) {
      const key = keys.upload(await storedName(name))
      const { value, metadata } = await kv.getWithMetadata(key, { type: 'stream' })
      const read = uploadFacts.safeParse(metadata)
      return value && read.success ? { ...read.data, body: value } : undefined
    },
  }
}
