/** What is told of a job's end: the provider's own event if that is how it was heard, else one built in its shape. */
import type { Announcement } from '#domain/events/delivery.ts'
import { hexHashNow } from '#domain/text/hash.ts'
import type { EndedJob, EventText, Lease } from '#domain/slots/lease.ts'
import type { Provider, ProviderEvents } from '#providers/contract/provider.ts'

/**
 * Undefined: nobody is told, because nobody may know (tracking was ended) or nothing was promised (a call). `toldId`:
 * the event under which some have already heard of this end.
 */
export function announce(
  provider: Provider,
  end: EndedJob,
  toldId?: string
): Announcement | undefined {
  const { lease, outcome, heard } = end
  const isSilent = !lease.isTracked || lease.kind === 'call' || outcome.status === 'forced'
  const { events } = provider
  if (isSilent) return undefined
  // Whose endpoints heard of it as news hears it once; the job's own target has not heard it yet.
  const isHeard = toldId === undefined ? {} : { isOwnOnly: true }
  const about = { provider: provider.name, tenant: lease.tenant, lease, ...isHeard }
  const eventId = toldId ?? idOfEnd(end)
  if (heard?.event) {
    const { mentions: others = [], ...event } = heard.event
    const mentions = [...new Set([...idsOf(lease), ...others])]
    return asReply(events, { ...about, eventId, mentions, event })
  }
  const isUnsure = outcome.status === 'absent' || outcome.status === 'outcome_unknown'
  const isNamed = !isUnsure && lease.state !== 'suspect'
  const told = isNamed ? lease : withoutName(lease)
  const known = { ...end, lease: told }
  // Nobody was promised an event of what was guessed; only whoever asked for it is told, in our words.
  if (lease.guess && !lease.reply) return undefined
  const text =
    events && !lease.guess ? events.build(known, eventId, end.endedAt) : inOurWords(known, eventId)
  if (!text) return undefined
  const event = { id: eventId, ...text }
  const own = lease.guess ? { isOwnOnly: true } : {}
  if (isNamed) return asReply(events, { ...about, ...own, eventId, mentions: idsOf(lease), event })
  return asReply(events, { ...about, eventId, lease: told, mentions: [], event, isOwnOnly: true })
}

/**
 * Nobody promises that a provider's event ids, or its job ids over time, are unique: an end is named after its lease,
 * which is one job of one creation. What may have been a mistake has a name of its own: the same request may have made
 * its job on another account, whose end must not look like a repeat.
 */
function idOfEnd({ lease, outcome }: EndedJob): string {
  const isSure = outcome.status === 'completed' || outcome.status === 'failed'
  return `evt_${hexHashNow(`${lease.id} ${isSure ? 'end' : outcome.status}`).slice(0, 32)}`
}

/** The provider has no events, so there is no shape to keep to. */
function inOurWords({ lease, outcome, endedAt }: EndedJob, id: string): Omit<EventText, 'id'> {
  const { status, detail = null } = outcome
  const event = {
    event_id: id,
    event_type: `job.${status}`,
    event_data: { job_id: lease.jobId ?? null, status, detail },
    created_at: new Date(endedAt).toISOString(),
  }
  return { type: event.event_type, body: JSON.stringify(event) }
}

/** The job's own target may have asked for another form than the provider's. */
function asReply(events: ProviderEvents | undefined, told: Announcement): Announcement {
  const body = told.lease && events?.replyBody?.(told.lease, told.event.body)
  return body === undefined ? told : { ...told, replyBody: body }
}

/** What it was taken for is not surely the client's. */
function withoutName(lease: Lease): Lease {
  const { jobId: _, ...nameless } = lease
  return { ...nameless, watch: lease.watch.map((key) => key.replace(/:.*$/s, ':')) }
}

function idsOf(lease: Lease): string[] {
  const watched = lease.watch.map((key) => key.slice(key.indexOf(':') + 1))
  return [...new Set([lease.jobId, ...watched].filter((id) => id !== undefined))]
}
