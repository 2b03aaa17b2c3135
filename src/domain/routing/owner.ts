/** The type of an owner: which account an id belongs to, and how the gateway knows that. */
import type { JobStart } from '#domain/slots/lease.ts'

/** The accounts that ids are looked up in. `epoch` changes with the set of accounts: a cached "no owner" then no longer counts. */
export interface OwnerPool {
  tenant: string
  provider: string
  epoch: string
}

/**
 * The owner of an id. `email` null: the id is public, so any account can serve it. `source`:
 * - `created`: the id was in the answer to a creation. Its owner never changes.
 * - `uploaded`: the id was in the answer to an upload. Its owner and its bytes never change.
 * - `copied`: the gateway made the id, by copying an upload to another account.
 * - `listed`, `found`: the id was in a list, or a search found it. If it may be public (`mayBeShared`), its owner is forgotten
 *   when an account is added, because the new account may show the id too.
 */
export interface Owner {
  id: string
  email: string | null
  source: 'created' | 'uploaded' | 'copied' | 'listed' | 'found'
  mayBeShared: boolean
  /** The id is an avatar or a voice. Set when the owner is recorded, never when it is read. */
  isLikeness?: true
  /** For a job: the id of the request that started it. */
  lease?: string
  /** For a job: what the creation's answer said. Set when the owner is recorded, never when it is read. */
  start?: JobStart & { name?: string }
  /** For the job of a queued creation: what its client calls it. Set when the owner is read from the desk's jobs. */
  name?: string
  /** For a job with `start`: the key of its account. Set when the owner is recorded, never when it is read. */
  key?: string
  /** The own token that made it, and the list that shows it. Set when the owner is recorded, never when it is read. */
  own?: { token: string; list: string }
}
