/**
 * The part `jobs`: how many slots a creation takes, which jobs its answer names, what a status answer says about them, and how to
 * find a job when the answer to its creation was lost. `tableJobs` of `shared/table-jobs.ts` makes most of this part out of
 * the links in the route table. Bodies are parsed JSON; undefined: it is not JSON.
 */
import type { IdForm, ItemShown } from '#domain/queue/item.ts'
import type { ExpectedJob, JobReport, JobStart, Lease, ToldOfJob } from '#domain/slots/lease.ts'
import type { NamedCall } from './names.ts'
import type { RouteMatch } from './route-row.ts'

export interface ProviderJobs {
  /** How many jobs a creation starts, at least 1. */
  count(match: RouteMatch, body: unknown): number
  /** How many slots each of them takes. Absent: 1. */
  slotsPerJob?(match: RouteMatch, body: unknown): number
  /** Whether the body asks the provider only to check it, so that nothing is started. Absent: no body asks that. */
  isCheckOnly?(match: RouteMatch, body: unknown): boolean
  /** The job as far as it is known before the answer, for example by an id in the request. Undefined: nothing is known. */
  expected(match: RouteMatch, body: unknown): ExpectedJob | undefined
  /** The jobs that an accepted creation's answer names. Empty: it names none, so its outcome is unknown. */
  read(match: RouteMatch, body: unknown, answer: unknown): JobStart[]
  /** What an answer says about the state of jobs. `text` is the same answer, unparsed. Empty: nothing. */
  readReports(
    match: RouteMatch,
    query: URLSearchParams,
    answer: unknown,
    text?: string
  ): JobReport[]
  /** Rebuilds the provider's answer to a creation whose own answer was lost and whose job was found. Clients get this answer. */
  buildAnswer(
    match: RouteMatch,
    starts: readonly JobStart[],
    body: unknown,
    /** Epoch ms. */
    now: number
  ): object
  /** What the report of an end tells about the job's length and price. Absent or empty: nothing. */
  toldBy?(report: JobReport): ToldOfJob
  /** The file that a finished job made. Absent or undefined: it makes none that can be shown. */
  fileOf?(lease: Pick<Lease, 'route' | 'watch' | 'ask'>): JobFile | undefined
  /** The job with this id, as a job that the lease's creation started. Undefined: the row of the lease makes no jobs. */
  startOf(lease: Lease, id: string): JobStart | undefined
  /** What distinguishes the job of this creation from others in the provider's list: its title, its callback id. */
  fingerprintOf(body: unknown, call?: NamedCall): { title?: string; callbackId?: string }
  /** Where to look for the job of a lost creation. Undefined: the provider has no list of such jobs. */
  searchOf(lease: Lease): JobSearch | undefined
  /** What the status in a row of a list says. Absent or undefined: nothing. Then each job is read by itself, 20 in one search. */
  stateOfRow?(lease: Lease, word: string): 'running' | 'over' | undefined
  /**
   * The POST that repeats the creation's Idempotency-Key with a body that cannot start anything, so that the provider repeats its
   * first answer (decision 0019). Absent or undefined: a key cannot find this creation.
   */
  keyProbeOf?(lease: Lease): { path: string; body: string } | undefined
  /** The jobs that the answer to that POST names. */
  readKeyAnswer?(lease: Lease, answer: unknown): JobStart[]
  /** The form of the ids of a row's jobs. Absent or undefined: the row's creations cannot be queued. */
  queueForm?(match: RouteMatch): IdForm | undefined
  /**
   * The answer of a row about a job with that name that has not begun: of a status, in the provider's words for queued or failed;
   * of a deletion, after the item was cancelled. `refusal` is opened. Absent or undefined: the row has no such answer.
   */
  showQueued?(match: RouteMatch, name: string, shown: ItemShown): object | undefined
  /** JSON pointers to the ids of jobs in the answer of a row, besides those that the row names itself. */
  jobIdsAt?(match: RouteMatch): readonly string[]
}

/** Where the URL of a job's file is: the path of a status read, and JSON pointers into its answer, the best first. */
export interface JobFile {
  kind: 'video' | 'image' | 'audio'
  ask: string
  at: readonly string[]
}

/** A list of an account's recent jobs, newest first. `rows` is a pointer into the answer, the pointers below it into a row. */
export interface JobSearch {
  path: string
  /**
   * The query parameter for the token of the next page. The pointers below lead to that token, and to whether there is a next
   * page.
   */
  token?: string
  next?: string
  more?: string
  /** Pages that are counted from 1, in the place of tokens. */
  counted?: { page: string; size: number }
  /** `path` is not a list. It reads the one job that has the name that the gateway gave it. */
  isExact?: boolean
  rows: string
  id: string
  title: string
  createdAt: string
  status?: string
  /** JSON pointer in a row to the callback id of its creation. */
  callbackId?: string
  /** If rows do not show the callback id: the path of a job's details that show it at `/data/callback_id`. `{id}` is replaced. */
  details?: string
  /** The search to use when the provider answers that `path` is retired. */
  otherwise?: JobSearch
}
