/** One job from its start to its last delivery. */
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Delivery, JobInFull } from '../api-types.ts'
import { ProblemBanner } from '../parts/problem.tsx'
import { Age, clock, span, Until } from '../parts/time.tsx'
import { titleOf } from '../providers.ts'
import { ask, withQuery } from '../shell/api.ts'
import { pool } from '../shell/live.ts'
import { useLoad } from '../shell/load.ts'
import { hrefTo } from '../shell/router.ts'
import { isOneTenant } from '../shell/session.ts'
import { tenantTitle } from '../shell/tenants.ts'
import { JobState } from './job-words.tsx'
import { Preview } from './preview.tsx'

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
  const { created, ended, detail, status, email, type, requestId, jobid, times, waitedMs, tookMs } =
    job
  return (
    <>
      <dl class="facts wide">
        <dt>Account</dt>
        <dd>
          {email ? <a href={hrefTo(['pool'], { find: email })}>{email}</a> : 'removed'} (
          {titleOf(provider)})
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
        <dt>Provider’s id</dt>
        <dd>{jobid ? <code>{jobid}</code> : 'not known'}</dd>
        <dt>Request</dt>
        <dd>
          <code>{requestId}</code>
        </dd>
      </dl>
      <h2>Its life</h2>
      <ol class="timeline">
        {times.asked !== null && (
          <Step at={times.asked} title="Asked for">
            {waitedMs !== null &&
              waitedMs >= 1000 &&
              `It waited ${span(waitedMs)} for a free slot.`}
          </Step>
        )}
        <Step at={times.started} title="Sent">
          With a slot{email ? ` of ${email}` : ''}.
        </Step>
        {times.accepted !== null && (
          <Step at={times.accepted} title="Accepted">
            {titleOf(provider)} has it.
          </Step>
        )}
        {ended === null ? (
          <li class="open">
            <strong>{status === 'outcome_unknown' ? 'The gateway looks for it' : 'Running'}</strong>{' '}
            for <Age at={created} />
          </li>
        ) : (
          <Step at={ended} title={`Ended: ${status}`} isBad={status !== 'completed'}>
            {tookMs !== null && `After ${span(tookMs)}.`}
            {detail && ` ${detail}`}
          </Step>
        )}
        {deliveries.map((delivery) => (
          <DeliveryStep key={delivery.id} delivery={delivery} tenant={tenant} />
        ))}
        {ended !== null && deliveries.length === 0 && (
          <li class="muted">Nobody asked to be told of its end, so nothing was delivered.</li>
        )}
      </ol>
    </>
  )
}

interface StepProps {
  at: string
  title: string
  isBad?: boolean
  children: ComponentChildren
}

function Step({ at, title, isBad = false, children }: StepProps) {
  return (
    <li class={isBad ? 'bad' : 'done'}>
      <time dateTime={at}>{clock(at)}</time> <strong>{title}</strong> <span>{children}</span>
    </li>
  )
}

function DeliveryStep({ delivery, tenant }: { delivery: Delivery; tenant: string }) {
  const { id, state, url, attempts, lastStatus, lastError, created, nextAttempt, reason } = delivery
  const words = { pending: 'To be delivered', delivered: 'Delivered', dead: 'Given up' }
  const answer = [
    lastStatus === null ? '' : `answer ${String(lastStatus)}`,
    lastError ?? '',
    state === 'dead' ? (reason ?? '') : '',
  ]
    .filter(Boolean)
    .join(', ')
  return (
    <li class={state === 'dead' ? 'bad' : state === 'pending' ? 'open' : 'done'}>
      <time dateTime={created}>{clock(created)}</time>{' '}
      <a href={hrefTo(['deliveries', id], { tenant })}>
        <strong>{words[state]}</strong>
      </a>{' '}
      <span>
        to {url ?? 'the endpoints'}, {attempts} {attempts === 1 ? 'attempt' : 'attempts'}
        {answer && `: ${answer}`}
        {nextAttempt && (
          <>
            {'. The next one waits '}
            <Until at={nextAttempt} />
          </>
        )}
      </span>
    </li>
  )
}
