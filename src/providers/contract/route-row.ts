/** A row of a provider's route table. Data only; `shared/row.ts` says how one is written. */

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
 * any. `home`: as `owner`, else the account where the token's uploads are. `roomy`: an upload, to that account. `merge`, `sum`,
 * `split`: several accounts make one answer. `gateway`: the gateway answers itself.
 */
export type Pool = 'any' | 'owner' | 'roomy' | 'home' | 'merge' | 'sum' | 'split' | 'gateway'

/** Where one id stands in a request. `at`: a parameter, or in a body a JSON pointer in which `*` stands for every member. */
export interface IdRef {
  resource: string
  in: 'path' | 'query' | 'body'
  at: string
  /** Without it the call means nothing. */
  required: boolean
  /** It may name something public, which no account owns. */
  mayBeShared: boolean
  /** Several ids with commas between them. */
  isList: boolean
}

/** Links a creation to the jobs that it starts. `null` on a row: no path tells the state of such a job. */
export interface JobLink {
  /** The kind of thing whose state tells the end of the job. With its id it is the watch key, as `video:abc`. */
  watch: string
  /** JSON pointers into the answer, or `body:` and one into the request. The first that leads to ids wins; each id is a job. */
  id: string | readonly string[]
  /** Where the watched id stands when it is not the job's own, as `path:session_id`. */
  watchId?: string
  /** A second name of the same job. */
  alias?: { watch: string; id: string }
  /** The path of a status check; `{id}` is replaced. */
  ask: string
  /** The path to use when the first is retired. */
  askElse?: string
  /** JSON pointer to an array in the request: one job, so one slot, for each member. */
  slots?: string
  /** The same by the word that the request has at `at`. A word that is not listed: one job. */
  slotsBy?: { at: string; counts: Readonly<Record<string, number>> }
  /** What the provider counts such jobs as. A limit or an empty pack of this meter parks no other jobs. */
  meter?: string
}

/** How a status answer is read. `id` as in {@link JobLink}, or `answer:` for bulk answers. */
export interface StatusLink {
  watch: string
  id: string
  status?: string
  /** The same in bulk answers, from the row. Absent: `/status`. */
  rowStatus?: string
  done: readonly string[]
  failed: readonly string[]
  /** JSON pointer: something there means that the job failed, whatever the status says. */
  failedWhen?: string
  /** States in which the job waits for a human. Such a job holds no slot. */
  waiting?: readonly string[]
  /** States of a running job, beside the usual words. Upper and lower case are the same, here and above. */
  running?: readonly string[]
  /** A second name of the same job in the status answer. */
  alias?: { watch: string; id: string }
  /** JSON pointer to the list of everything that runs: a job that the account's alarm does not find there has ended. */
  listOfAll?: string
}

/** `path` has parameters in braces, as `/v3/videos/{video_id}`. */
export interface Route {
  method: Method
  path: string
  kind: RouteKind
  /** `upload`: the provider's upload host. */
  host: 'api' | 'upload'
  pool: Pool
  ids: readonly IdRef[]
  /** JSON pointers to the ids that the answer creates. The account owns them from then on. */
  creates: readonly string[]
  /** JSON pointers to the ids in a list. */
  lists: readonly string[]
  /** The list also shows what is public. */
  mixesShared: boolean
  job?: JobLink | null
  reports?: StatusLink
  /** As in {@link JobLink}, of a generation that ends with its answer. */
  meter?: string
  /** Once the call is accepted, the session that it names is over. */
  ends?: boolean
  /** The call is not passed on. The sentence says why, and what to do instead. */
  notOffered?: string
  /** JSON pointer into the body of a creation: with true there the provider only checks it, so no slot is taken. */
  checks?: string
  /** The provider's documentation says that this call takes an `Idempotency-Key`. */
  takesKey?: true
  /**
   * The body that repeats a key and cannot start anything: a member that the row's schema in the reference requires at the
   * top level, with a wrong type. Only on creations that take a key (decision 0019).
   */
  keyProbe?: Readonly<Record<string, unknown>>
}

export interface RouteMatch {
  route: Route
  params: Readonly<Record<string, string>>
  /**
   * An operator added the row. `reports`: how its job's status is read, where no built-in row does it. `search`: the GET,
   * `{id}` replaced, that shows whether an account has the id of the parameter `at`.
   */
  added?: { reports?: StatusLink; search?: { at: string; path: string } }
}
