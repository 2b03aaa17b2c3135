/** What a job of an own token made is recorded before its client hears of it, but nothing waits for a desk for ever. */
import { expect, test } from 'vitest'
import type { Delivery } from '#domain/events/delivery.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { noteMade } from '#flows/events/note-made.ts'
import { heygen } from '#providers/heygen/index.ts'

test('a desk that never answers holds no event of an own token back', async () => {
  const log: string[] = []
  const never = new Promise<never>(() => {})
  const body = JSON.stringify({ event_data: { video_id: 'v2' } })
  const told = noteMade(
    {
      after: async () => undefined,
      desk: () => ({ learn: () => never }) as unknown as ReturnType<Ports['desk']>,
      log: (event) => void log.push(event),
    },
    heygen,
    { tenant: 't', ownToken: 'tok_1', jobId: 'v1', event: { body } } as unknown as Delivery,
    'ann@example.com'
  )
  await expect(told).resolves.toBeUndefined()
  expect(log).toEqual(['learn_failed'])
})
