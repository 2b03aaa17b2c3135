/** Where a delivery is, and when it is tried next. */
import { Badge } from '../parts/badge.tsx'
import { now, span } from '../parts/time.tsx'
import { STATES, type Delivery } from './delivery.ts'

export function State({ one }: { one: Pick<Delivery, 'state' | 'nextAttempt'> }) {
  const [tone, words] = STATES[one.state]
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
