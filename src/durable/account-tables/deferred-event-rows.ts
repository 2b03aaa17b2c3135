/**
 * Keeps events whose job may not have its id yet. They wait here for ten minutes at most, in a table called `early`.
 */
import {
  deferredKeyOf,
  type IncomingEvent,
  type ParsedEvent,
} from '#domain/events/incoming-event.ts'
import { Remembered } from '#durable/lifecycle/remembered.ts'

/** As stored: older Workers call the content id `newsId`. */
type Stored = Omit<IncomingEvent, 'event'> & {
  event: Omit<ParsedEvent, 'contentId'> & { newsId?: string }
}

export class DeferredEventRows {
  readonly #sql: SqlStorage
  readonly #known = new Remembered(() =>
    this.#sql
      .exec<{ record: string }>('SELECT record FROM early')
      .toArray()
      .map(({ record }) => fromStored(JSON.parse(record) as Stored))
  )

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  all(): readonly IncomingEvent[] {
    return this.#known.value
  }

  /** Adds an event. If the same event comes again, its first time counts. */
  add(incoming: IncomingEvent): void {
    this.#sql.exec(
      'INSERT INTO early (id, record) VALUES (?, ?) ON CONFLICT DO NOTHING',
      deferredKeyOf(incoming),
      JSON.stringify(toStored(incoming))
    )
    this.#known.forget()
  }

  remove(incoming: IncomingEvent): void {
    // Older Workers kept the event under the second key.
    for (const id of [deferredKeyOf(incoming), `${incoming.via.kind} ${incoming.event.id}`])
      this.#sql.exec('DELETE FROM early WHERE id = ?', id)
    this.#known.forget()
  }
}

function toStored({ event, ...rest }: IncomingEvent): Stored {
  const { contentId, ...kept } = event
  return { ...rest, event: contentId === undefined ? kept : { ...kept, newsId: contentId } }
}

function fromStored({ event, ...rest }: Stored): IncomingEvent {
  const { newsId, ...kept } = event
  return { ...rest, event: newsId === undefined ? kept : { ...kept, contentId: newsId } }
}
