/**
 * Decides who is told what about one fault of one account (or of a pool). The state is one row for a kind and a tenant, and there is
 * a row only while something is wrong or was within a day. durable/alerts/account-alerts.ts loads and saves it.
 *
 * 1 `observe`: the fault began, or is over. The row is due.
 * 2 `tell`: the alerts were read. Each gets `raised` at most once a day, and `recovered` only after `raised`.
 */
import { isForKind, type Alert, type AlertKind } from './alert.ts'

/** What is wrong, for the texts. No secret. */
export interface Fault {
  /** Why: the reason of a parking, what the provider said, or what a receiver answered. */
  reason?: string
  detail?: string
  /** The scope of a parking. */
  scope?: string
  /** When the parking ends by itself, epoch ms. */
  until?: number
  amount?: number
  unit?: string
  /** The provider's default for this unit. Undefined: the balance is low only for alerts that name a number. */
  lowBelow?: number
  /** How many deliveries are dead. */
  count?: number
  /** Since when a pool is full, or the oldest waits that is queued, epoch ms. */
  since?: number
}

export interface AlertState {
  kind: AlertKind
  tenant: string
  provider: string
  /** Absent: the fault is the pool's. */
  account?: string
  isRaised: boolean
  fault: Fault
  /** The same fault happened again, such as another dead delivery. */
  isRepeated?: boolean
  /** When the next step of this row is due, epoch ms. Absent: when something changes. */
  nextAt?: number
  /** When each alert was last told that it began, by the alert's id. */
  told: Record<string, number>
  /** The ids of those that still have to be told that it is over. */
  open: string[]
  /** For `dead_letter`: the ids of deliveries that are dead, as far as they are remembered. */
  dead?: string[]
}

/** `fault` undefined: nothing is wrong (any more). `isRepeat`: it happened again just now. */
export interface Observation {
  kind: AlertKind
  tenant: string
  provider: string
  account?: string
  fault?: Fault
  isRepeat?: boolean
}

/** How many dead deliveries are remembered. If there are more, the alert is over when the latest ones were delivered. */
const DEAD_MAX = 50

/** The observation that a delivery was given up, and the ids of those that are dead now. */
export function deadLetter(
  state: AlertState | undefined,
  about: Pick<Observation, 'tenant' | 'provider' | 'account'>,
  delivery: { id: string; detail: string },
  now: number
): { seen: Observation; dead: string[] } {
  const before = state?.isRaised ? (state.dead ?? []) : []
  const dead = [...before.filter((id) => id !== delivery.id), delivery.id].slice(-DEAD_MAX)
  const count = (state?.isRaised ? (state.fault.count ?? 0) : 0) + 1
  const fault = { reason: 'given_up', detail: delivery.detail, count, since: now }
  return { seen: { ...about, kind: 'dead_letter', fault, isRepeat: true }, dead }
}

export interface Notice {
  alert: Alert
  state: 'raised' | 'recovered'
}

/** The state after the observation; the same object if nothing changed; undefined if there is nothing to keep. */
export function observe(
  state: AlertState | undefined,
  seen: Observation,
  now: number
): AlertState | undefined {
  const { kind, tenant, provider, account, fault, isRepeat = false } = seen
  if (!fault) {
    if (!state?.isRaised) return state
    return { ...state, isRaised: false, nextAt: now }
  }
  if (!state)
    return {
      kind,
      tenant,
      provider,
      ...(account === undefined ? {} : { account }),
      isRaised: true,
      fault,
      nextAt: now,
      told: {},
      open: [],
    }
  const isOther = fault.reason !== state.fault.reason || fault.amount !== state.fault.amount
  if (state.isRaised && !isRepeat && !isOther) return state
  return { ...state, isRaised: true, fault, nextAt: now, ...(isRepeat && { isRepeated: true }) }
}

/**
 * Who is told now, and the state after that; undefined: there is nothing more to keep. `alerts`: those of the tenant and of the
 * operator, as they are now.
 */
export function tell(
  state: AlertState,
  alerts: readonly Alert[],
  now: number,
  againMs: number
): { notices: Notice[]; state: AlertState | undefined } {
  const { nextAt: _, isRepeated = false, ...rest } = state
  const notices: Notice[] = []
  const told: Record<string, number> = {}
  const open: string[] = []
  const retries: number[] = []
  for (const alert of alerts) {
    const { id } = alert
    const toldAt = state.told[id]
    const freeAt = toldAt === undefined ? now : toldAt + againMs
    const isOpen = state.open.includes(id)
    if (toldAt !== undefined && now < freeAt) told[id] = toldAt
    if (isOver(state, alert)) {
      if (isOpen) notices.push({ alert, state: 'recovered' })
      continue
    }
    const isNew = !isOpen || isRepeated
    if (isOpen) open.push(id)
    if (!isNew || !concerns(state, alert)) continue
    if (freeAt > now) {
      if (!isOpen) retries.push(freeAt)
      continue
    }
    notices.push({ alert, state: 'raised' })
    told[id] = now
    if (!isOpen) open.push(id)
  }
  // A row that is over stays until a new fault may be told again.
  const ends = Object.values(told).map((at) => at + againMs)
  const times = state.isRaised ? retries : ends.length > 0 ? [Math.max(...ends)] : []
  const isKept = state.isRaised || ends.length > 0
  const next = times.length === 0 ? {} : { nextAt: Math.min(...times) }
  return { notices, state: isKept ? { ...rest, told, open, ...next } : undefined }
}

function isOver(state: AlertState, alert: Alert): boolean {
  if (!state.isRaised) return true
  return state.kind === 'balance_low' && !isLowFor(state.fault, alert)
}

/** An account whose credential is dead is parked, too. Whoever hears of dead credentials is told once. */
function concerns({ kind, fault }: AlertState, alert: Alert): boolean {
  if (!isForKind(alert, kind)) return false
  const isKnown = kind === 'account_parked' && fault.reason === 'credential'
  return !(isKnown && isForKind(alert, 'credential_dead'))
}

/** An unknown balance is not low. */
export function isLowFor({ amount, lowBelow }: Fault, { balanceBelow }: Alert): boolean {
  const below = balanceBelow ?? lowBelow
  return amount !== undefined && below !== undefined && amount < below
}
