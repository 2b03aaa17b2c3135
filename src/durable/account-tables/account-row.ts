/** The account of this object, when it was removed, and what keeps it from taking jobs: its parkings. Read once, then remembered. */
import type { Account } from '#domain/accounts/account.ts'
import type { Proof } from '#domain/accounts/account-checks.ts'
import { drainedParking, isOnlyDrain } from '#domain/accounts/drained.ts'
import { importedParking } from '#domain/accounts/imported.ts'
import type { Parking, ParkScope } from '#domain/accounts/parking.ts'
import { Remembered } from '#durable/lifecycle/remembered.ts'

export class AccountRow {
  readonly #storage: DurableObjectStorage
  readonly #row = new Remembered(() => this.#readRow())
  readonly #parkings = new Remembered(() => this.#records<Parking>('SELECT record FROM parking'))

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
  }

  get account(): Account | undefined {
    return this.#row.value.account
  }

  get retiredAt(): number | undefined {
    return this.#row.value.retiredAt
  }

  /** A new credential or limit also ends the account's parkings. */
  save(account: Account): void {
    const keepsParkings = this.retiredAt === undefined && isOnlyDrain(this.account, account)
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec(
        'INSERT INTO account (id, record, retired_at) VALUES (1, ?, NULL) ON CONFLICT DO UPDATE SET record = excluded.record, retired_at = NULL',
        JSON.stringify(account)
      )
      if (!keepsParkings) this.#forgetParkings()
    })
    this.#row.forget()
    this.#parkings.forget()
  }

  replace(account: Account): void {
    this.#storage.sql.exec('UPDATE account SET record = ?', JSON.stringify(account))
    this.#row.forget()
  }

  retire(now: number): void {
    this.#storage.sql.exec('UPDATE account SET retired_at = ? WHERE retired_at IS NULL', now)
    this.#row.forget()
  }

  /** Keeps the fact that there was an account, but not its record with the credential, nor what was known of it. */
  wipe(): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec('UPDATE account SET record = NULL WHERE record IS NOT NULL')
      this.#forgetParkings()
    })
    this.#row.forget()
    this.#parkings.forget()
  }

  /** With the parkings of an imported and of a drained account, which are no rows of their own: only its desk ends them. */
  get parkings(): Parking[] {
    const { account } = this
    const recorded = account ? [importedParking(account), drainedParking(account)] : []
    const standing = recorded.filter((parking) => parking !== undefined)
    return standing.length > 0 ? [...this.#parkings.value, ...standing] : this.#parkings.value
  }

  saveParking(parking: Parking, needless: readonly ParkScope[]): void {
    for (const scope of needless) this.dropParking(scope)
    this.#storage.sql.exec(
      'INSERT INTO parking (scope, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      parking.scope,
      JSON.stringify(parking)
    )
    this.#parkings.forget()
  }

  dropParking(scope: ParkScope): void {
    this.#storage.sql.exec('DELETE FROM parking WHERE scope = ?', scope)
    this.#parkings.forget()
  }

  /** Ends all parkings, and removes what the provider last said about the account. */
  unpark(): void {
    this.#storage.transactionSync(() => this.#forgetParkings())
    this.#parkings.forget()
  }

  #forgetParkings(): void {
    this.#storage.sql.exec('DELETE FROM parking')
    this.#storage.sql.exec('DELETE FROM proof')
  }

  /** What the provider last said about the account, or about one of its credentials (`part`). */
  proof(part: string): Proof | undefined {
    return this.#records<Proof>('SELECT record FROM proof WHERE part = ?', part)[0]
  }

  saveProof(part: string, proof: Proof): void {
    this.#storage.sql.exec(
      'INSERT INTO proof (part, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      part,
      JSON.stringify(proof)
    )
  }

  #readRow(): { account?: Account; retiredAt?: number } {
    const sql = 'SELECT record, retired_at AS at FROM account'
    const [row] = this.#storage.sql
      .exec<{ record: string | null; at: number | null }>(sql)
      .toArray()
    return {
      ...(row?.record ? { account: JSON.parse(row.record) as Account } : {}),
      ...(typeof row?.at === 'number' ? { retiredAt: row.at } : {}),
    }
  }

  #records<T>(sql: string, ...values: string[]): T[] {
    const rows = this.#storage.sql.exec<{ record: string }>(sql, ...values).toArray()
    return rows.map((row) => JSON.parse(row.record) as T)
  }
}
