/** Where a delivery is, and when it is tried next. */
import { Badge, type Tone } from '../parts/badge.tsx'
import { now, span } from '../parts/time.tsx'
import { hasFailed, STATES, type Delivery } from './delivery.ts'

const FAILS: [Tone, string] = ['warn', 'Failing']

export function State({
  one,
}: {
  one: Pick<Delivery, 'state' | 'nextAttempt' | 'lastStatus' | 'lastError'>
}) {
  const [tone, words] = hasFailed(one) ? FAILS : STATES[one.state]
  return (
    <>
      <Badge tone={tone}>{words}</Badge>
      {one.nextAttempt !== null && <NextAttempt at={one.nextAttempt} />}
    </>
  )
}

function NextAttempt({ at }: { at: string }) {
  const left = Date.parse(at) - now.value
  return (
    <small class="below muted number">
      {left > 0 ? `next try in ${span(left)}` : 'trying now'}
    </small>
  )
}
