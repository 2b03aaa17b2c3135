/**
 * Makes the event that clients get when a job ends: the provider's own event if it reported the end, else an event in the same
 * form.
 */
import type { Announcement } from '#domain/events/delivery.ts'
import { goesBack, jobNameOf } from '#domain/slots/queued-lease.ts'
import { markedTenant } from '#domain/visibility/own-scope.ts'
import { hexHashNow } from '#domain/text/hash.ts'
import { slicesAt, splice } from '#domain/text/json-slices.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { EndedJob, EventText, Lease } from '#domain/slots/lease.ts'
import type { Provider, ProviderEvents } from '#providers/contract/provider.ts'

/**
 * Undefined: nobody is notified, because tracking was ended, the lease was only for a call, or its item goes back into the line.
 * `forwardedId`: the id of the event that the endpoints already got about this end, when its job was not known yet.
 */
export function announce(
  provider: Provider,
  end: EndedJob,
  forwardedId?: string
): Announcement | undefined {
  const announced = announceWithMarks(provider, end, forwardedId)
  return announced && withoutMarks(provider, announced)
}

/** What the client of an own token calls its job has the token's mark at the provider. */
function withoutMarks({ names }: Provider, announced: Announcement): Announcement {
  const { lease, event, replyBody } = announced
  if (!names || lease?.ownToken === undefined) return announced
  const mark = markedTenant(lease.tenant, lease.ownToken)
  const clean = (text: string) => names.toClient(text, mark)
  return {
    ...announced,
    event: { ...event, body: clean(event.body) },
    ...(replyBody === undefined ? {} : { replyBody: clean(replyBody) }),
  }
}

function announceWithMarks(
  provider: Provider,
  end: EndedJob,
  forwardedId?: string
): Announcement | undefined {
  const { lease, outcome, heard } = end
  const isSilent = !lease.isTracked || lease.kind === 'call' || outcome.status === 'forced'
  const { events } = provider
  if (isSilent || goesBack(end)) return undefined
  const name = jobNameOf(lease)
  // The client of a queued creation does not know the id under which the event was passed on.
  const toldId = name === undefined ? forwardedId : undefined
  // The endpoints got the event already. The job's own callback URL did not.
  const isKnown = toldId === undefined ? {} : { isCallbackOnly: true }
  const isUnsure = outcome.status === 'absent' || outcome.status === 'outcome_unknown'
  const isSure = !isUnsure && lease.state !== 'suspect'
  const shown = name === undefined ? lease : named(provider, lease, name, isSure)
  const real = name !== undefined && isSure ? lease.jobId : undefined
  const providers = real === undefined ? {} : { providerJobId: real }
  const who = { provider: provider.name, tenant: lease.tenant }
  const about = { ...who, lease: shown, ...providers, ...isKnown }
  const eventId = toldId ?? idOfEnd(end)
  const ids = [...idsOf(shown), ...(name !== undefined && isSure ? idsOf(lease) : [])]
  const told = (one: Announcement) => withReplyBody(events, withJobName(events, one, lease, name))
  const isTheirs = name !== undefined && !isSure
  if (heard?.event && !isTheirs && isKnownTo(lease, heard.event.type)) {
    const { mentions: others = [], ...event } = heard.event
    const mentions = [...new Set([...ids, ...others])]
    return told({ ...about, eventId, mentions, event })
  }
  // A name of ours means the client's own job, whatever is known of it at the provider.
  const isNamed = isSure || name !== undefined
  const nameless = isNamed ? shown : withoutName(lease)
  const shownEnd = { ...end, lease: nameless }
  // A guessed job gets no event at the endpoints. Only its callback URL gets one, in the gateway's own form.
  if (lease.guess && !lease.reply) return undefined
  const text =
    events && !lease.guess
      ? events.build(shownEnd, eventId, end.endedAt)
      : inOurForm(shownEnd, eventId)
  if (!text) return undefined
  const event = { id: eventId, ...text }
  const own = lease.guess ? { isCallbackOnly: true } : {}
  if (isNamed) return told({ ...about, ...own, eventId, mentions: [...new Set(ids)], event })
  return told({ ...about, eventId, lease: nameless, mentions: [], event, isCallbackOnly: true })
}

/** The lease as its client knows it. `isSure`: the job that it is bound to is its own. */
function named({ jobs }: Provider, lease: Lease, name: string, isSure: boolean): Lease {
  const { jobId, watch } = lease
  if (!isSure || jobId === undefined)
    return { ...withoutName(lease), jobId: name, watch: jobs.startOf(lease, name)?.watch ?? [] }
  const own = watch.map((key) => {
    const kind = key.slice(0, key.indexOf(':') + 1)
    return key === kind + jobId ? kind + name : key
  })
  return { ...lease, jobId: name, watch: own }
}

/** Puts the job's name where the event names the job: whole values at the places that the provider tells, nowhere else. */
function withJobName(
  events: ProviderEvents | undefined,
  told: Announcement,
  { jobId }: Lease,
  name: string | undefined
): Announcement {
  if (name === undefined || jobId === undefined) return told
  const { body } = told.event
  const places = new Set(events?.jobIdsAt ?? [])
  const edits = [...places]
    .flatMap((pointer) => slicesAt(body, pointer))
    .filter(({ start, end }) => parseJson(body.slice(start, end)) === jobId)
    .map((slice) => ({ ...slice, text: JSON.stringify(name) }))
  return { ...told, event: { ...told.event, body: splice(body, edits) } }
}

/** The client of an older call waits for an event of a certain name. The provider may report the end under another one. */
function isKnownTo({ reply }: Lease, type: string): boolean {
  return reply?.speaks === undefined || type.startsWith(`${reply.speaks}.`)
}

/**
 * The event's id, made from the lease, which stands for one job of one creation. Providers do not promise that ids of events or
 * jobs are unique. An uncertain end (`absent`, `lost` …) has an id of its own: the same request may have made its job on another
 * account, and the end of that job must not look like a repeat.
 */
function idOfEnd({ lease, outcome }: EndedJob): string {
  const isSure = outcome.status === 'completed' || outcome.status === 'failed'
  return `evt_${hexHashNow(`${lease.id} ${isSure ? 'end' : outcome.status}`).slice(0, 32)}`
}

/** The event in the gateway's own form, for providers that send no events. */
function inOurForm({ lease, outcome, endedAt }: EndedJob, id: string): Omit<EventText, 'id'> {
  const { status, detail = null } = outcome
  const event = {
    event_id: id,
    event_type: `job.${status}`,
    event_data: { job_id: lease.jobId ?? null, status, detail },
    created_at: new Date(endedAt).toISOString(),
  }
  return { type: event.event_type, body: JSON.stringify(event) }
}

/** Adds the body for the job's own callback URL, if the creation asked for another form there. */
function withReplyBody(events: ProviderEvents | undefined, event: Announcement): Announcement {
  const body = event.lease && events?.replyBody?.(event.lease, event.event.body)
  return body === undefined ? event : { ...event, replyBody: body }
}

/** Removes the ids of a suspected job, which may belong to somebody else. */
function withoutName(lease: Lease): Lease {
  const { jobId: _, ...nameless } = lease
  return { ...nameless, watch: lease.watch.map((key) => key.replace(/:.*$/s, ':')) }
}

function idsOf(lease: Lease): string[] {
  const watched = lease.watch.map((key) => key.slice(key.indexOf(':') + 1))
  return [...new Set([lease.jobId, ...watched].filter((id) => id !== undefined))]
}
