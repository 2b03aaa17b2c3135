/** Every account as a card, the worst first. */
import { pool, poolError } from '../shell/live.ts'
import { ProblemBanner } from '../parts/problem.tsx'

export function PoolScreen() {
  return (
    <>
      <h1>Pool</h1>
      <ProblemBanner error={poolError.value} />
      <p>{pool.value?.accounts.length ?? 0} accounts</p>
    </>
  )
}
