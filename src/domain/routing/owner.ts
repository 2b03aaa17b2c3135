/** Which account an id belongs to, and how that became known. */

/** The accounts that ids are looked up in. `epoch` changes with the set of accounts: a cached "no owner" then no longer counts. */
export interface OwnerPool {
  tenant: string
  provider: string
  epoch: string
}

/**
 * The owner of an id. `email` null: the id is public, so any account can serve it. `source`:
 * - `created`: an answer to a creation named it. Its owner never changes.
 * - `uploaded`: the same for an upload, whose bytes never change either.
 * - `copied`: the gateway made it, as the copy of an upload at another account.
 * - `listed`, `found`: it was seen in a list or by a search. If it may be public (`mayBeShared`), it is forgotten when an
 *   account is added, because the new account may show it too.
 */
export interface Owner {
  id: string
  email: string | null
  source: 'created' | 'uploaded' | 'copied' | 'listed' | 'found'
  mayBeShared: boolean
  /** An avatar or a voice. Set when the owner is recorded, never when it is read. */
  isLikeness?: true
  /** For a job: the id of the request that started it. */
  lease?: string
}
