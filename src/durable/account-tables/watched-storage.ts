/** The storage of an object, which tells of each write. The one place that sees every change. */
export function watchWrites(
  storage: DurableObjectStorage,
  onWrite: () => void
): DurableObjectStorage {
  const { sql } = storage
  const exec: SqlStorage['exec'] = (query, ...values) => {
    const cursor = sql.exec<never>(query, ...values)
    if (cursor.rowsWritten > 0) onWrite()
    return cursor
  }
  const watched = {
    sql: { exec },
    transactionSync: <T>(work: () => T) => storage.transactionSync(work),
  }
  return watched as unknown as DurableObjectStorage
}
