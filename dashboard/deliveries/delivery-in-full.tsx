/** One delivery: every attempt with its answer, and the body that was sent. */
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { ProblemBanner } from '../parts/problem.tsx'
import { CopyButton } from '../parts/secret.tsx'
import { Table } from '../parts/table.tsx'
import { Ago, clock } from '../parts/time.tsx'
import { ask } from '../shell/api.ts'
import { useLoad } from '../shell/load.ts'
import { hrefTo } from '../shell/router.ts'
import { tenantTitle } from '../shell/tenants.ts'
import { adviceOn, sayAttempt, type DeliveryInFull } from './delivery.ts'
import { RetryButton } from './retry.tsx'
import { State } from './state.tsx'

const READ_AGAIN_MS = 2000

interface Props {
  id: string
  tenant: string | undefined
}

export function DeliveryInFullView({ id, tenant }: Props) {
  const { value, error, reload } = useLoad(
    (signal) =>
      ask<DeliveryInFull>('GET', `/v1/deliveries/${encodeURIComponent(id)}`, {
        signal,
        ...(tenant === undefined ? {} : { tenant }),
      }),
    [id, tenant]
  )
  // An attempt that is due now has its answer in a moment.
  const isDue = value?.state === 'pending' && Date.parse(value.nextAttempt ?? '') <= Date.now()
  useEffect(() => {
    if (!isDue) return
    const timer = setTimeout(reload, READ_AGAIN_MS)
    return () => clearTimeout(timer)
  }, [value])
  return (
    <>
      <p>
        <a href={hrefTo(['deliveries'])}>← All deliveries</a>
      </p>
      <h1>{value?.event.type ?? 'Delivery'}</h1>
      <ProblemBanner error={error} retry={reload} />
      {!value && !error && <p aria-busy="true">Loading the delivery…</p>}
      {value && <Whole one={value} tenant={tenant} reload={reload} />}
    </>
  )
}

function Whole({
  one,
  tenant,
  reload,
}: {
  one: DeliveryInFull
  tenant: string | undefined
  reload: () => void
}) {
  const { attempts, body, job, providerJob, provider, endpoint, reason } = one
  const row = { ...one, attempts: attempts.length, ...(tenant === undefined ? {} : { tenant }) }
  const advice = one.state === 'delivered' ? '' : adviceOn(one)
  return (
    <>
      <div class="buttons">
        <State one={one} />
        <RetryButton one={row} put={reload} />
        <button type="button" class="outline small" onClick={reload}>
          Read again
        </button>
      </div>
      {reason !== null && (
        <p>
          <strong>Given up: {reason}.</strong>
        </p>
      )}
      {advice && <p>{advice}</p>}
      <dl class="facts wide">
        {tenant && <Fact name="Tenant">{tenantTitle(tenant)}</Fact>}
        <Fact name="To">{one.url ?? 'its endpoints are not known yet'}</Fact>
        {endpoint !== null && (
          <Fact name="Endpoint">
            <a href={hrefTo(['endpoints'])}>{endpoint}</a>
          </Fact>
        )}
        <Fact name="Job">
          {job === null ? (
            'none of the gateway’s'
          ) : (
            <a href={hrefTo(['jobs', provider, job], { tenant })}>{job}</a>
          )}
        </Fact>
        {providerJob && <Fact name="At the provider">{providerJob}</Fact>}
        <Fact name="Made">
          {clock(one.created)} (<Ago at={one.created} />)
        </Fact>
        <Fact name="Delivery">{one.id}</Fact>
        <Fact name="Event">{one.event.id}</Fact>
        {one.ref !== null && <Fact name="Your reference">{one.ref}</Fact>}
      </dl>
      <h2>Attempts</h2>
      <Table
        caption="Attempts, the latest first"
        columns={[
          { title: 'When', cell: ({ at }) => clock(at) },
          { title: 'Answer', cell: ({ status, error }) => sayAttempt(status, error) },
          { title: 'Took', isNumber: true, cell: ({ ms }) => `${ms.toLocaleString()} ms` },
        ]}
        rows={attempts.toReversed()}
        keyOf={({ at }) => at}
        empty="It was not tried yet."
      />
      <h2>Body</h2>
      <p class="buttons">
        <CopyButton text={body} label="Copy the body" />
      </p>
      <pre tabIndex={0} aria-label="The body that is sent">
        <code>{body}</code>
      </pre>
    </>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}
