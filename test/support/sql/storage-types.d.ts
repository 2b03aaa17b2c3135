/**
 * Types of the part of an object's storage that its tables use. Tests without an object need them, because Node has no types of
 * workerd.
 */
type SqlStorageValue = ArrayBuffer | string | number | null

interface SqlStorage {
  exec<T extends Record<string, SqlStorageValue>>(
    text: string,
    ...values: unknown[]
  ): Iterable<T> & { toArray(): T[]; one(): T; rowsWritten: number; rowsRead: number }
}

interface DurableObjectStorage {
  sql: SqlStorage
  transactionSync<T>(work: () => T): T
}

interface KVNamespace {
  get(key: string, options: object): Promise<unknown>
  put(key: string, value: unknown, options?: object): Promise<void>
  getWithMetadata(
    key: string,
    options: object
  ): Promise<{ value: ReadableStream<Uint8Array> | null; metadata: unknown }>
}
