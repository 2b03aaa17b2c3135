/** A row of a provider's route table. Data only. `shared/row.ts` says how to write one. */

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** `creates-job` and `sync-generation` take slots; every other kind is a plain call. */
export type RouteKind =
  | 'creates-job'
  | 'sync-generation'
  | 'job-status'
  | 'read-account'
  | 'write-account'
  | 'read-shared'
  | 'streaming-session'

/**
 * Which accounts a call concerns. `any`: one account that can be used. `owner`: the account that owns the ids in the call, else
 * any. `home`: as `owner`, else the account that has the token's uploads. `roomy`: an upload, which goes to that account.
 * `merge`, `sum`, `split`: several accounts make one answer. `gateway`: the gateway answers itself.
 */
export type Pool = 'any' | 'owner' | 'roomy' | 'home' | 'merge' | 'sum' | 'split' | 'gateway'

/** The place of one id in a request. `at`: a parameter, or in a body a JSON pointer in which `*` stands for every member. */
export interface IdRef {
  resource: string
  in: 'path' | 'query' | 'body'
  at: string
  /** The call makes no sense without this id. */
  required: boolean
  /** The id may name something public, which no account owns. */
  mayBeShared: boolean
  /** The text may be several ids with commas between them. */
  isList: boolean
}

/** Links a creation to the jobs that it starts. `null` on a row: no path shows the state of such a job. */
export interface JobLink {
  /** The kind of thing whose state shows the end of the job. With its id it makes the watch key, for example `video:abc`. */
  watch: string
  /**
   * JSON pointers into the answer, or `body:` and a pointer into the request. The first pointer that finds ids counts. Each id is
   * a job.
   */
  id: string | readonly string[]
  /** The place of the watched id if it is not the job's own, for example `path:session_id`. */
  watchId?: string
  /** A second name of the same job. */
  alias?: { watch: string; id: string }
  /** The path of a status check; `{id}` is replaced. */
  ask: string
  /** The path to use when the first is retired. */
  askElse?: string
  /** JSON pointer to an array in the request: one job, so one slot, for each member. */
  slots?: string
  /** How many slots each word takes that the request may have at `at`. A word that is not listed: one job. */
  slotsBy?: { at: string; counts: Readonly<Record<string, number>> }
  /** The provider's kind of quota for such jobs. A limit or an empty pack of this kind parks no other jobs. */
  meter?: string
}

/** How to read a status answer. `id` as in {@link JobLink}, or `answer:` for bulk answers. */
export interface StatusLink {
  watch: string
  id: string
  status?: string
  /** JSON pointer to the status in a row of a bulk answer. Absent: `/status`. */
  rowStatus?: string
  done: readonly string[]
  failed: readonly string[]
  /** JSON pointer. A value there means that the job failed, whatever the status says. */
  failedWhen?: string
  /** States in which the job waits for a human. Such a job holds no slot. */
  waiting?: readonly string[]
  /** States of a running job, beside the usual words. Upper and lower case do not matter, here and above. */
  running?: readonly string[]
  /** A second name of the same job in the status answer. */
  alias?: { watch: string; id: string }
  /** JSON pointer to the list of everything that runs. A job that a status check does not find there has ended. */
  listOfAll?: string
}

/** `path` has parameters in braces, for example `/v3/videos/{video_id}`. */
export interface Route {
  method: Method
  path: string
  kind: RouteKind
  /** `upload`: the provider's upload host. */
  host: 'api' | 'upload'
  pool: Pool
  ids: readonly IdRef[]
  /** JSON pointers to the ids that the call creates. The account owns them from then on. */
  creates: readonly string[]
  /** JSON pointers to the ids in a list. */
  lists: readonly string[]
  /** The list also shows public things. */
  mixesShared: boolean
  job?: JobLink | null
  reports?: StatusLink
  /** As in {@link JobLink}, for a generation that ends with its answer. */
  meter?: string
  /** The call ends the session that it names. */
  ends?: boolean
  /** The gateway refuses the call. The sentence says why, and what to do instead. */
  notOffered?: string
  /** JSON pointer into the body of a creation. If the value is true, the provider only checks the body, so no slot is taken. */
  checks?: string
  /** The provider's documentation says that this call takes an `Idempotency-Key`. */
  takesKey?: true
  /**
   * A body that cannot start anything, to repeat a key with. It has a member that the row's schema in the reference requires at
   * the top level, with a wrong type. Only on creations that take a key (decision 0019).
   */
  keyProbe?: Readonly<Record<string, unknown>>
}

export interface RouteMatch {
  route: Route
  params: Readonly<Record<string, string>>
  /**
   * An operator added the row. `reports`: how to read its job's status, if no built-in row does it. `search`: the GET that shows
   * whether an account has the id of the parameter `at`. `{id}` is replaced.
   */
  added?: { reports?: StatusLink; search?: { at: string; path: string } }
}
