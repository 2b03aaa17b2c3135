/** A row of a provider's route table, and how the lists and searches of such rows are shaped. Data only. */

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
 * Which accounts a call concerns. `any`: one usable account. `owner`: the account that owns the ids in the
 * call, else any. `roomy`: an upload; its token's home, as what is uploaded there is used there. `home`: as `owner`, else that home.
 * `merge`, `sum`, `split`: several accounts make one answer. `gateway`: the gateway's own.
 */
export type Pool = 'any' | 'owner' | 'roomy' | 'home' | 'merge' | 'sum' | 'split' | 'gateway'

/** Where one id stands in a request. `pointer` is a JSON pointer in which `*` stands for every member. */
export interface IdRef {
  resource: string
  in: 'path' | 'query' | 'body'
  at: string
  required: boolean
  mayBeShared: boolean
  isList: boolean
}

/** Links a creating route to the job it starts. `null` on the route: it has no status row to ask. */
export interface JobLink {
  /** The kind of thing whose state tells the end; with the id it makes the watch key `video:abc`. */
  watch: string
  /** Pointers into the answer (or `body:` into the request); the first that yields ids wins, each id is a job. */
  id: string | readonly string[]
  /** Where the id to watch stands when it is not the job's own: `path:session_id`. */
  watchId?: string
  /** A second name of the same job. */
  alias?: { watch: string; id: string }
  /** The status path to ask, `{id}` replaced. */
  ask: string
  /** Asked when the first path is no longer there. */
  askElse?: string
  /** Pointer to an array in the request body: one job, so one slot, for each member. */
  slots?: string
  /** The same by a word of the request body, at `at`; a word that is not listed: one. */
  slotsBy?: { at: string; counts: Readonly<Record<string, number>> }
  /** What a daily trial limit counts; such a limit parks only this meter. */
  meter?: string
}

/** How a status answer is read. `id` as in {@link JobLink}, or `answer:` for bulk answers. */
export interface StatusLink {
  watch: string
  id: string
  status?: string
  /** The same in bulk answers, from the row; absent: `/status`. */
  rowStatus?: string
  done: readonly string[]
  failed: readonly string[]
  /** A pointer whose presence means failure whatever the status says. */
  failedWhen?: string
  /** States in which a human is awaited: such a job holds no slot. */
  waiting?: readonly string[]
  /** States of a job that goes on, beside the usual words. Upper and lower case are the same, here and above. */
  running?: readonly string[]
  /** A second name of the same job, as the status answer tells it. */
  alias?: { watch: string; id: string }
  /** A pointer to the list of everything that runs: what the account's alarm does not find there has ended. */
  listOfAll?: string
}

export interface Route {
  method: Method
  path: string
  kind: RouteKind
  /** `upload`: the provider's upload host. */
  host: 'api' | 'upload'
  pool: Pool
  ids: readonly IdRef[]
  creates: readonly string[]
  lists: readonly string[]
  mixesShared: boolean
  job?: JobLink | null
  reports?: StatusLink
  /** As in {@link JobLink}, of a generation that is over with its answer. */
  meter?: string
  /** Once the call is accepted, the session that it names is over. */
  ends?: boolean
  /** Not passed on; the sentence says why and what to do instead. */
  notOffered?: string
  /** Pointer into the body of a creation: true there asks to be checked only, so nothing is started and no slot is taken. */
  checks?: string
  /** The provider's documentation says that this call takes an `Idempotency-Key`. */
  takesKey?: true
  /**
   * The body that asks under a key what became of a creation, and cannot start one: a member that the row's schema, read
   * in the reference, requires at the top level, with a wrong type. Only on creations that take a key.
   */
  keyProbe?: Readonly<Record<string, unknown>>
}

export interface RouteMatch {
  route: Route
  params: Readonly<Record<string, string>>
  /**
   * The row was added without a deploy. `reports`: how its job's status is read, where no built-in row does; `search`: the
   * read, `{id}` replaced, that shows whether an account has the id of the parameter `at`.
   */
  added?: { reports?: StatusLink; search?: { at: string; path: string } }
}

/** How a list that all accounts share in is shaped. Pointers into the answer, names of query parameters. */
export interface ListShape {
  /** Arrays of rows. Only unpaged lists have more than one. */
  rows: readonly string[]
  /** Where a row has its id; absent: by one of the usual names. */
  id?: string
  /** Ids further in that belong to the row's account. */
  owned?: readonly string[]
  /** It is asked with POST; limit and token stand in the JSON body. */
  isAskedInBody?: boolean
  /** Pages that are only counted, without a total or an end: the parameters, the usual and the largest size. */
  counted?: { page: string; size: string; usual: number; most: number }
  /** Where the number of rows on the page stands. */
  count?: string
  limit?: string
  token?: string
  /** The token of the next page, and whether there is one. */
  next?: string
  more?: string
  /** Pages counted from 1, where a list has them beside tokens. */
  page?: string
  totals: readonly string[]
  /** Where a row has its time, the first that is there. */
  times: readonly string[]
  /** The query parameter that tells `public` from `private` rows. */
  shared?: { query: string }
}

/** A read that shows whether an account has an id, `{id}` replaced. `rows`: it is a list, and these are its ids. */
export interface IdSearch {
  path: string
  /** JSON, for a list that is asked for with POST. */
  body?: string
  rows?: string
  /** The path may be gone by now: its 404 says nothing of the id. */
  mayBeRetired?: true
  /** All of these instead, where an account's credential cannot serve the path. */
  otherwise?: readonly Omit<IdSearch, 'otherwise'>[]
}

/** A list of everything of a resource that is an account's own, and nothing that is public. Pointers into the answer. */
export interface OwnList {
  /** With a query, so that `&` and the parameter `token` open the next page. */
  path: string
  rows: string
  token: string
  next: string
  more: string
  /** What it does not show to its end is not the account's own. */
  showsAll: boolean
}

/** A way to list an account's recent jobs, newest first, for a creation whose answer was lost. */
export interface Finder {
  path: string
  /** The query parameter that opens the next page, where its token stands, and whether there is one. */
  token?: string
  next?: string
  more?: string
  /** Where a row has its status. */
  status?: string
  /** It does not list: it reads the one job that has a name of ours. */
  isExact?: boolean
  /** Pages that are only counted, from 1. */
  counted?: { page: string; size: number }
  /** Pointers from a row. */
  rows: string
  id: string
  title: string
  createdAt: string
  /** Pointer to the callback id in a row, where rows have it. */
  callbackId?: string
  /** Read instead where the provider says that the path is no longer there. */
  otherwise?: Finder
  /** Else the path of one job's details that have it at `/data/callback_id`, `{id}` replaced. */
  details?: string
}
