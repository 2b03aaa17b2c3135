/** The slots of an account as boxes: one for each job, and one for each free slot. A box with a job leads to it. */
import type { PoolAccount, PoolJob } from '../api-types.ts'
import { Age } from '../parts/time.tsx'
import { hrefTo } from '../shell/router.ts'
import { shortType } from './words.ts'

/** Above this number the boxes are small and say nothing. */
const BOXES_WITH_WORDS = 10

export function Slots({ account }: { account: PoolAccount }) {
  const { provider, tenant, maxJobs, held, jobs } = account
  const shown = jobs.slice(0, Math.max(held, 0))
  // Slots that no listed job explains: jobs of an earlier tenant, or more jobs than are listed.
  const others = Math.max(0, held - shown.length)
  const free = Math.max(0, maxJobs - held)
  const size = maxJobs > BOXES_WITH_WORDS ? 'slots small' : 'slots'
  return (
    <ul class={size} aria-label={`${String(held)} of ${String(maxJobs)} slots in use`}>
      {shown.map((job) => (
        <JobBox key={job.requestId} {...{ provider, tenant, job }} />
      ))}
      {boxes(others, 'used', 'In use by a job that is not shown')}
      {boxes(free, 'free', 'Free')}
    </ul>
  )
}

function boxes(count: number, kind: string, title: string) {
  return Array.from({ length: count }, (_, index) => (
    <li key={`${kind}${String(index)}`} class={`slot ${kind}`} title={title} aria-hidden="true" />
  ))
}

interface JobBoxProps {
  provider: string
  tenant: string
  job: PoolJob
}

function JobBox({ provider, tenant, job }: JobBoxProps) {
  const { id, requestId, type, status, since } = job
  const isOdd = status !== 'running'
  const href = hrefTo(['jobs', provider, id ?? requestId], { tenant })
  return (
    <li class={isOdd ? 'slot used odd' : 'slot used'}>
      <a href={href} title={`${type}: ${status}`}>
        <span class="slot-type">{shortType(type)}</span>
        <Age at={since} />
      </a>
    </li>
  )
}
