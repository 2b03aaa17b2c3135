/**
 * The part `jobs`: how many slots a creation takes, which jobs its answer names, what a status answer says of them, and how a
 * job is found again when the answer to its creation was lost. `tableJobs` of `shared/table-jobs.ts` makes most of it out of
 * the links in the route table. Bodies are parsed JSON, undefined where they are none.
 */
import type { ExpectedJob, JobReport, JobStart, Lease } from '#domain/slots/lease.ts'
import type { NamedCall } from './names.ts'
import type { RouteMatch } from './route-row.ts'

export interface ProviderJobs {
  /** How many jobs a creation starts, at least 1. */
  count(match: RouteMatch, body: unknown): number
  /** How many slots each of them takes. Absent: 1. */
  slotsPerJob?(match: RouteMatch, body: unknown): number
  /** Whether the body asks the provider only to check it, so that nothing is started. Absent: no body does. */
  isCheckOnly?(match: RouteMatch, body: unknown): boolean
  /** The job as far as it is known before the answer, for example by an id in the request. Undefined: nothing is known. */
  expected(match: RouteMatch, body: unknown): ExpectedJob | undefined
  /** The jobs that an accepted creation's answer names. Empty: it names none, so its outcome is unknown. */
  read(match: RouteMatch, body: unknown, answer: unknown): JobStart[]
  /** What an answer says of the state of jobs. `text` is the same answer as it came. Empty: nothing. */
  readReports(
    match: RouteMatch,
    query: URLSearchParams,
    answer: unknown,
    text?: string
  ): JobReport[]
  /** What clients are told when a creation's answer was lost and its job was found: the provider's answer, rebuilt. */
  buildAnswer(
    match: RouteMatch,
    starts: readonly JobStart[],
    body: unknown,
    /** Epoch ms. */
    now: number
  ): object
  /** The job with this id as a job of the lease's creation. Undefined: the row of the lease makes no jobs. */
  startOf(lease: Lease, id: string): JobStart | undefined
  /** What tells the job of this creation apart from others in the provider's list: its title, its callback id. */
  fingerprintOf(body: unknown, call?: NamedCall): { title?: string; callbackId?: string }
  /** Where the job of a creation whose answer was lost is looked for. Undefined: the provider has no list of such jobs. */
  searchOf(lease: Lease): JobSearch | undefined
  /** What the status in a list's row says. Absent or undefined: nothing; then each row is read by itself, 20 in one search. */
  stateOfRow?(lease: Lease, word: string): 'running' | 'over' | undefined
  /**
   * The POST that repeats the creation's Idempotency-Key with a body that cannot start anything, so that the provider gives its
   * first answer again (decision 0019). Absent or undefined: the creation cannot be asked for by its key.
   */
  keyProbeOf?(lease: Lease): { path: string; body: string } | undefined
  /** The jobs that the answer to that POST names. */
  readKeyAnswer?(lease: Lease, answer: unknown): JobStart[]
}

/** A list of an account's recent jobs, newest first. `rows` is a pointer into the answer, the pointers below it into a row. */
export interface JobSearch {
  path: string
  /** The query parameter that asks for the next page, where its token stands, and whether there is a next page. */
  token?: string
  next?: string
  more?: string
  /** Instead of tokens: pages that are counted from 1. */
  counted?: { page: string; size: number }
  /** It is no list: `path` reads the one job that has a name of ours. */
  isExact?: boolean
  rows: string
  id: string
  title: string
  createdAt: string
  status?: string
  /** Where rows show the callback id of their creation. */
  callbackId?: string
  /** Else the path of a job's details that show it at `/data/callback_id`; `{id}` is replaced. */
  details?: string
  /** Used instead where the provider answers that `path` is retired. */
  otherwise?: JobSearch
}
