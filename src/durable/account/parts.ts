/** Puts the parts of an account's object together. */
import type { SuspectedFault } from '#domain/accounts/park-after-refusal.ts'
import { sendAgain, type Delivery } from '#domain/events/delivery.ts'
import { CONNECTIONS_MAX } from '#domain/events/delivery-queue.ts'
import type { EndedJob, JobReport, LeaseAnswer, LeaseAsk } from '#domain/slots/lease.ts'
import { deliver } from '#flows/events/deliver.ts'
import { noteMade } from '#flows/events/note-made.ts'
import { ASKED_AT_ONCE } from '#flows/jobs/status-checks.ts'
import { tellShares } from '#durable/limits/tell-shares.ts'
import { AccountLive } from '#durable/live/account-live.ts'
import type { SenderDeps } from '#durable/sender/context.ts'
import { grantSlots } from '#durable/sender/grant-slots.ts'
import { Sender } from '#durable/sender/sender.ts'
import { AccountAlerts } from '#durable/alerts/account-alerts.ts'
import { AccountChecks } from './account-checks.ts'
import type { AccountContext } from './context.ts'
import { DeliveryTargetsCache } from './delivery-targets.ts'
import { IncomingEvents } from './incoming-events.ts'
import { LegacyProbes } from './legacy-probes.ts'
import { logEnds, logGivenUp } from './log-results.ts'
import { Outbox } from './outbox.ts'
import { RemovedAccount, Retention } from './retention.ts'
import { Settlement } from './settlement.ts'
import { SlotWatchers } from './slot-watchers.ts'
import { StatusChecks } from './status-checks.ts'
import { WebhookRegistration } from './webhook-registration.ts'

export interface Parts {
  alerts: AccountAlerts
  targets: DeliveryTargetsCache
  outbox: Outbox
  removed: RemovedAccount
  webhook: WebhookRegistration
  legacy: LegacyProbes
  retention: Retention
  settlement: Settlement
  watchers: SlotWatchers
  accountChecks: AccountChecks
  incoming: IncomingEvents
  statusChecks: StatusChecks
  live: AccountLive
  sender: Sender
  /** Grants leases for all jobs of the call, or for none. */
  acquire(ask: LeaseAsk): Promise<LeaseAnswer>
  /** Applies the reports. True when something changed. The caller must have read the delivery targets. */
  settle(reports: JobReport[]): boolean
  /** Sends a delivery again, since its client asks for it, unless it is being sent. Returns it as it is stored. */
  sendAgain(found: Delivery): Delivery
  /** Wipes a removed account's credential when nothing needs it any more. */
  wipeWhenDone(): void
}

/** `setAlarm` is called after each change that may make something due earlier. */
export function makeParts(context: AccountContext, setAlarm: () => void): Parts {
  const targets = new DeliveryTargetsCache(context, (missed) => queueDeliveries(missed))
  const outbox: Outbox = makeOutbox(context, targets, {
    busy: () => (statusChecks.isReconciling ? ASKED_AT_ONCE : 0) + sender.sending,
    alerts: () => alerts,
    onSaved: () => {
      wipeWhenDone()
      setAlarm()
    },
  })
  const removed = new RemovedAccount(context, () => outbox.isEmpty)
  const webhook = new WebhookRegistration(context, () => removed.isDone())
  const wipeWhenDone = () => {
    if (removed.isDone() && webhook.wipe()) setAlarm()
  }
  const queueDeliveries = (deliveries: Delivery[]) => {
    outbox.add(deliveries)
    setAlarm()
  }
  const settlement: Settlement = new Settlement(context, targets, {
    isAlarmChecking: () => statusChecks.isReconciling,
    lastEventAt: () => incoming.lastEventAt,
    queueDeliveries,
    applyDeferredAfter: (change) => incoming.applyDeferredAfter(change, setAlarm),
    onEnded: (ended) => {
      noteEnds(context, ended)
      live.onEnded(ended)
      sender.times.noteEnds(ended)
      statusChecks.noteEnded(ended)
      alerts.onEnded(targets.isBalanceWatched)
      wipeWhenDone()
    },
    onDecided: (leases) => sender.onDecided(leases),
    onSlotsChanged: () => watchers.onSlotsChanged(),
  })
  const settle = (reports: JobReport[]) => {
    const isChanged = settlement.applyReports(reports)
    setAlarm()
    return isChanged
  }
  const ledger = () => settlement.ledger()
  const watchers: SlotWatchers = new SlotWatchers(context, ledger, () => sender)
  const pendingDeliveries = (tenant: string) => outbox.countOf(tenant)
  const live = new AccountLive(context, { ledger, pendingDeliveries })
  const alerts = new AccountAlerts(context, { balance: live.balance, queueDeliveries, setAlarm })
  const accountChecks = new AccountChecks(context, {
    onFault: (fault) => live.onFault(fault),
    onUnparked: alerts.after(() => watchers.onUnparked()),
    setAlarm: alerts.after(setAlarm),
  })
  const judgeFault = (fault: SuspectedFault) => accountChecks.judge(fault)
  const incoming: IncomingEvents = new IncomingEvents(context, settlement, targets, judgeFault)
  const checkParts = { settlement, incoming, targets, settle, judgeFault, setAlarm }
  const isMoreWaiting = () => sender.isAwake
  const statusChecks = new StatusChecks(context, { ...checkParts, isMoreWaiting })
  const ofSender = senderDeps({ settlement, targets, statusChecks, outbox, setAlarm })
  const sender: Sender = new Sender(context, ofSender)
  return {
    alerts,
    targets,
    outbox,
    removed,
    webhook,
    legacy: new LegacyProbes(context),
    retention: new Retention(context),
    settlement,
    watchers,
    accountChecks,
    incoming,
    statusChecks,
    live,
    sender,
    acquire: (ask) => grantSlots(context, { sender, settlement }, ask),
    settle,
    sendAgain: (found) =>
      outbox.isSending(found.id) ? found : storeAgain(context, found, queueDeliveries),
    wipeWhenDone,
  }
}

function storeAgain(
  { tables, now }: AccountContext,
  found: Delivery,
  queueDeliveries: (deliveries: Delivery[]) => void
): Delivery {
  const again = sendAgain(found, now())
  tables.sendAgain(again)
  queueDeliveries([again])
  return again
}

type SenderNeeds = Pick<Parts, 'settlement' | 'targets' | 'statusChecks' | 'outbox'> & {
  setAlarm(): void
}

function senderDeps(parts: SenderNeeds): SenderDeps {
  const { settlement, targets, statusChecks, outbox, setAlarm } = parts
  return {
    ledger: () => settlement.ledger(),
    recall: () => settlement.recall.read(),
    readTargets: (tenant) => targets.read(tenant),
    end: (ended) => {
      settlement.save({ put: [], drop: [], ended })
      setAlarm()
    },
    search: (leaseId) => statusChecks.lookNow(leaseId).finally(setAlarm),
    onSent: () => outbox.startDue(),
    setAlarm,
  }
}

interface OutboxNeeds {
  /** How many connections status checks and queued creations use. */
  busy(): number
  alerts(): AccountAlerts
  onSaved(): void
}

function makeOutbox(
  context: AccountContext,
  targets: DeliveryTargetsCache,
  { busy, alerts, onSaved }: OutboxNeeds
): Outbox {
  const { tables, ports, provider } = context
  return new Outbox(tables.pendingDeliveries(), {
    ...context,
    // One is always left for deliveries. More than six wait for each other.
    connections: () => Math.max(1, CONNECTIONS_MAX - busy()),
    load: (id) => tables.deliveries.find(id),
    isOwed: (id) => tables.deliveries.isOwed(id),
    readTargets: (one) => alerts().targetsOf(one) ?? targets.forSending(one),
    async send(one, read) {
      const { tenant, email, publicOrigin = '' } = tables.account() ?? {}
      // A tenant that had the account before must not learn the present holder's name of it.
      if (tenant === one.tenant) await noteMade(ports(), provider(), one, email)
      return deliver(ports(), one, read, publicOrigin)
    },
    save: (changed, removedIds) => {
      tables.saveDeliveries(changed, removedIds)
      logGivenUp(ports(), changed)
      alerts().noteDeliveries(changed)
    },
    onSaved,
  })
}

/** The log, shares of limited tokens, and usage. */
function noteEnds(
  { ports, provider, tables, now, durations }: AccountContext,
  ended: readonly EndedJob[]
): void {
  logEnds(ports(), ended)
  tellShares(ports(), provider().name, ended)
  tables.usage.fold(now(), durations().foldUsageMs)
}
