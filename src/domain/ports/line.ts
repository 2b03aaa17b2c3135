/**
 * The RPC interfaces of the line of queued creations (docs/rfc/0009-queue.md): what a tenant's desk answers Workers and accounts'
 * objects, and what an account's object answers the desk. The desk decides who is next; only the account's object sends.
 */
import type { Actor } from '#domain/access/audit.ts'
import type { Pause } from '#domain/line/pauses.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import type {
  ItemRecord,
  ItemShown,
  ItemSort,
  NewItem,
  UnstartedReason,
} from '#domain/queue/item.ts'
import type { Running } from '#domain/line/outlook.ts'
import type { EndOfJob } from '#domain/line/pace.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { ChoiceNote } from '#domain/slots/choice-note.ts'
import type { JobStart } from '#domain/slots/lease.ts'

/** The line, as part of TenantDesk. */
export interface Line {
  /** Writes the items that are not there. Each answer stands for one item. Safe to repeat. */
  enqueue(items: NewItem[]): Promise<EnqueueAnswer[]>
  /** By their names, `request:<request id>`, or `task:<the client's own name>`. What is not an item is left out. */
  itemsOf(names: string[]): Promise<ItemShown[]>
  /** What the jobs of queued creations are called, by the provider's ids. Other ids are left out. */
  namesOf(ids: string[]): Promise<{ id: string; name: string }[]>
  /**
   * Ends the item before it is chosen. `late`: it is chosen or begun. Undefined: no such item of this token (absent: of any), or,
   * with `isOwn`, none that it queued as an own token.
   */
  cancelItem(name: string, token?: string, isOwn?: boolean): Promise<ItemShown | 'late' | undefined>
  /**
   * The same for an item of any token, with a line in the audit if it ends by this call: both are written, or neither. A desk of an
   * older release lacks this method.
   */
  cancelItemBy(name: string, by: Actor): Promise<ItemShown | 'late' | undefined>
  /** The items that the account may start now. Each is handed over under a lease id of its own. */
  takeWork(ask: WorkAsk): Promise<WorkAnswer>
  /** Returns the items whose report is written or needs no writing. Safe to repeat. */
  report(account: string, reports: WorkReport[]): Promise<string[]>
  /** Pauses what it names, or ends that pause. Returns the pauses that stand. Safe to repeat. */
  pauseLine(pause: Pause, isPaused: boolean, by?: Actor): Promise<Pause[]>
  /** What waits, a page of it, by token and then oldest first. A desk of an older release lacks this method. */
  listLine(query: LineQuery): Promise<LinePage>
  /** A token was removed or has changed: looks at its items now. `removed`: its id, if it was removed. Its pauses end. */
  tokenChanged(tokenHash: string, removed?: string): Promise<void>
}

/**
 * `queued`: its place and when it should start, if the desk knows them. `known`: the item is there already, as it is now. `taken`:
 * an item of another request has the name. `named`: another item has the client's own name for the job. `full`: above that cap.
 * `keyed`: its key stands for something that was not queued; without `jobIds` it runs, or what became of it is not known. `closed`:
 * this desk takes no items.
 */
export type EnqueueAnswer =
  | { kind: 'queued'; place?: number; startsAt?: number }
  | { kind: 'taken' | 'named' | 'closed' }
  | { kind: 'known'; shown: ItemShown }
  | { kind: 'full'; cap: string; retryAfterSeconds: number; maxQueued?: number }
  | { kind: 'keyed'; jobIds?: string[]; isRunning?: true }

export interface LineQuery {
  /** Only what this token has in line. */
  token?: string
  /** Only what was queued as an own token's. */
  isOwn?: true
  /** `next` of the page before. */
  after?: string
  limit: number
}

/** `waiting`, `starting` and `tokens` count the whole line, or that of the token which was asked for. */
export interface LinePage {
  waiting: number
  /** Items that an account's object was handed, and of which it has not said what became of them. */
  starting: number
  tokens: { token: string; waiting: number; weight: number; oldestAt: number }[]
  startsAMinute: number
  /** Those that stand, of the token which was asked for and of all tokens. A desk of an older release does not say it. */
  pauses?: Pause[]
  items: (ItemShown & Pick<ItemSort, 'token' | 'lane' | 'priority' | 'startBy'>)[]
  next?: string
}

/** What an account's object says of itself when it asks for work. */
export interface WorkAsk {
  /** The account's key. */
  account: string
  tenant: string
  free: number
  /** How many slots are taken. An item's own limit counts them. */
  held: number
  /** Items that are being sent or searched for, or whose report is being tried. They are not handed over again. */
  underWay: string[]
  /** Those that have not ended. Items that they stop are stepped over. */
  parkings: Parking[]
  /** How many items it takes at once, those that come again too. Absent: any number. An answer may have 32 MiB. */
  most?: number
  /** Jobs of the tenant that ended since it asked last, and how long they took. For estimates, as what follows. */
  ended?: EndOfJob[]
  /** The jobs that run, one for each slot. */
  running?: Running[]
}

/** One item handed over. `earlier`: the lease ids under which this account had it before. */
export interface Work {
  item: string
  leaseId: string
  earlier: string[]
  /** False: it must not be started any more. Only the account's object can say whether it was. */
  mayStart: boolean
  sort: ItemSort
  record: ItemRecord
  sealed: string
  /** The provider's ids of the jobs that its call names. They are put into it before it is sent. */
  reals?: { name: string; id: string }[]
  /** Its token has limits on jobs, so the desk is told of its end. */
  isLimited?: true
  /** Why other accounts do not get it. A desk of an older release does not say it. */
  choice?: ChoiceNote
}

/**
 * `leave`: how many slots are kept for clients that wait. `clients`: which, and how many slots for each; a desk of an older release does
 * not say it. `isMore`: something waits that this account may serve.
 */
export interface WorkAnswer {
  work: Work[]
  leave: number
  clients?: { id: string; slots: number }[]
  isMore: boolean
}

/**
 * What became of an item at an account. `begun`: its jobs run. `back`: nothing ran, and it may be tried again, elsewhere if
 * `isLeftOut`, or a while later if `isTooEarly`: a job that it names has not ended. A desk of an older release tries it again at once.
 * `absents`: how many of its leases ended as `absent` there. `over`: it has ended, and the account's object has told it.
 */
export type WorkReport = { item: string; leaseId: string } &
  /** `parts`: which jobs of the item these are, from 0. Absent: the first ones. */
  (
    | { kind: 'begun'; owners: Owner[]; starts: JobStart[]; parts?: number[] }
    | {
        kind: 'back'
        why: string
        isLeftOut?: true
        isTooEarly?: true
        absents?: number
        refusal?: string
      }
    | { kind: 'over'; reason: string; refusal?: string }
  )

/** What an account's object answers when it was told of work. One that is parked for all jobs does not ask, so it says it here. */
export interface WorkTold {
  /** Those that have not ended. */
  parkings: Parking[]
}

/** What an account's object does for the line, as part of SlotDesk. */
export interface Sender {
  /**
   * There may be work until then: asks for it if a slot is free. `isOwed`: asks in any case, because something is chosen here. An
   * object of an older release answers nothing.
   */
  work(tenant: string, until: number, isOwed?: boolean): Promise<WorkTold | undefined>
  /** Writes ends without a start, and the deliveries that they owe. Returns the items that are written. Safe to repeat. */
  endUnstarted(tenant: string, ends: UnstartedEnd[]): Promise<string[]>
}

export interface UnstartedEnd {
  item: string
  record: ItemRecord
  sort: ItemSort
  reason: UnstartedReason
  endedAt: number
}
