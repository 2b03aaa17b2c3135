/** Which account an id belongs to. */

/** Whose ids. `epoch` changes with the set of accounts, so that what was believed of fewer accounts is asked anew. */
export interface OwnerPool {
  tenant: string
  provider: string
  epoch: string
}

/**
 * Which account an id belongs to; `email` null: it is public, any account will do. `source` says how it became known:
 * a `created` id never changes hands (`uploaded`: nor its bytes; `copied`: by us, for another account), one that was `listed` or `found` and may be public is forgotten when an account is
 * added, since with more accounts it may show to be public.
 */
export interface Owner {
  id: string
  email: string | null
  source: 'created' | 'uploaded' | 'copied' | 'listed' | 'found'
  mayBeShared: boolean
  /** An avatar or a voice; said only to whoever learns it. */
  isLikeness?: true
  /** The creation it came from, if it is a job. */
  lease?: string
}
