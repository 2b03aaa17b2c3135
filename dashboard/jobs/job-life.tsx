/** One job from its start to its last delivery. */
import { useEffect } from 'preact/hooks'
import type { Delivery, JobInFull } from '../api-types.ts'
import { ProblemBanner } from '../parts/problem.tsx'
import { Age, clock } from '../parts/time.tsx'
import { titleOf } from '../providers.ts'
import { ask, withQuery } from '../shell/api.ts'
import { pool } from '../shell/live.ts'
import { useLoad } from '../shell/load.ts'
import { hrefTo } from '../shell/router.ts'
import { isOneTenant } from '../shell/session.ts'
import { tenantTitle } from '../shell/tenants.ts'
import { JobState, waitsForWords } from './job-words.tsx'
import { Preview } from './preview.tsx'
import { StoryStepLine } from './story.tsx'

interface LifeProps {
  provider: string
  id: string
  /** Whose job it is. Empty: of the tenant in view. */
  tenant: string
}

/** A job that runs is asked for again, in case that no news of the pool came. */
const AGAIN_MS = 5000

export function JobLife({ provider, id, tenant }: LifeProps) {
  const options = tenant ? { tenant } : {}
  const path = `/v1/${provider}/jobs/${encodeURIComponent(id)}`
  const { value, error, reload } = useLoad(
    async (signal) => {
      const job = await ask<JobInFull>('GET', path, { ...options, signal })
      const asked = withQuery('/v1/deliveries', { job: job.jobid ?? job.requestId, limit: 20 })
      const { deliveries } = await ask<{ deliveries: Delivery[] }>('GET', asked, {
        ...options,
        signal,
      })
      return { job, deliveries }
    },
    [path, tenant]
  )
  const isOpen =
    !value?.job.status_final || value.deliveries.some(({ state }) => state === 'pending')
  const changedAt = pool.value?.accounts.find(({ email }) => email === value?.job.email)?.at
  useEffect(() => {
    if (!value || !isOpen) return undefined
    const timer = setInterval(reload, AGAIN_MS)
    return () => clearInterval(timer)
  }, [isOpen, Boolean(value)])
  useEffect(() => {
    if (value && isOpen) reload()
  }, [changedAt])
  return (
    <>
      <p class="crumb">
        <a href={hrefTo(['jobs'])}>Jobs</a>
      </p>
      <div class="title">
        <h1>
          {value?.job.title ?? 'Job'} <code>{id}</code>
        </h1>
        {value && <JobState status={value.job.status} />}
      </div>
      <ProblemBanner error={error} retry={reload} />
      {value && <Life {...value} provider={provider} tenant={tenant} />}
      {Object.entries(value?.job.files ?? {}).map(([kind, file]) => (
        <Preview key={kind} path={file} tenant={tenant} />
      ))}
    </>
  )
}

interface KnownLife {
  job: JobInFull
  deliveries: Delivery[]
  provider: string
  tenant: string
}

function Life({ job, deliveries, provider, tenant }: KnownLife) {
  const { ended, status, email, type, requestId, jobid, providerJob, waitedMs, tookMs } = job
  const { story = [] } = job
  return (
    <>
      <dl class="facts wide">
        <dt>Account</dt>
        <dd>
          {email ? (
            <a href={hrefTo(['pool'], { find: email })}>{email}</a>
          ) : status === 'queued' ? (
            'not chosen yet'
          ) : job.times.started === null ? (
            'none: it never started'
          ) : (
            'not told'
          )}{' '}
          ({titleOf(provider)})
        </dd>
        {!isOneTenant.value && tenant && (
          <>
            <dt>Tenant</dt>
            <dd>{tenantTitle(tenant)}</dd>
          </>
        )}
        <dt>Kind</dt>
        <dd>
          <code>{type}</code>
        </dd>
        <dt>Job</dt>
        <dd>{jobid ? <code>{jobid}</code> : 'not known'}</dd>
        {providerJob && (
          <>
            <dt>At the provider</dt>
            <dd>
              <code>{providerJob}</code>
            </dd>
          </>
        )}
        <dt>Request</dt>
        <dd>
          <code>{requestId}</code>
        </dd>
      </dl>
      <h2>Its story</h2>
      {job.storyIsWhole === false && (
        <p class="note">A part of the gateway did not answer, so steps are missing.</p>
      )}
      <ol class="timeline">
        {story.map((step, index) => (
          <StoryStepLine
            key={`${step.at} ${step.what} ${String(index)}`}
            {...{ step, waitedMs, tookMs, tenant }}
            delivery={deliveries.find(({ id }) => id === step.delivery)}
            title={titleOf(provider)}
          />
        ))}
        {ended === null && !job.status_final && <Open job={job} />}
        {ended !== null && deliveries.length === 0 && (
          <li class="muted">Nobody asked to be told of its end, so nothing was delivered.</li>
        )}
      </ol>
    </>
  )
}

function Open({ job }: { job: JobInFull }) {
  const { status, created, place, startsAround, waitsFor } = job
  if (status === 'queued')
    return (
      <li class="open">
        <strong>In the queue</strong> for <Age at={created} />
        {place !== undefined && <span>, at place {place}</span>}
        {waitsFor !== undefined && <span>. It waits for {waitsForWords(waitsFor)}</span>}
        {startsAround !== undefined && <span>. It should start around {clock(startsAround)}</span>}.
      </li>
    )
  return (
    <li class="open">
      <strong>{status === 'outcome_unknown' ? 'The gateway looks for it' : 'Running'}</strong> for{' '}
      <Age at={created} />
    </li>
  )
}
