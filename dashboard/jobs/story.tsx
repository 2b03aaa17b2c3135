/** One step of a job's story, in words. */
import type { ComponentChildren } from 'preact'
import type { Delivery, StoryStep } from '../api-types.ts'
import { clock, span, Until } from '../parts/time.tsx'
import { hrefTo } from '../shell/router.ts'

interface StepProps {
  step: StoryStep
  waitedMs: number | null
  tookMs: number | null
  /** Of the step, where it is known. */
  delivery: Delivery | undefined
  tenant: string
  /** How people call the provider. */
  title: string
}

const TITLES: Record<string, string> = {
  asked: 'Asked for',
  queued: 'Put into the queue',
  chosen: 'An account was chosen',
  given_back: 'Back into the queue',
  slot: 'Sent',
  answer_lost: 'The answer was lost',
  accepted: 'Accepted',
  found: 'Found',
  waits_for_person: 'Waits for a person',
  deleted: 'Deleted by a client',
  event: 'To be delivered',
  delivered: 'Delivered',
  given_up: 'Given up',
}

/** Why an account did not get the job. */
const WHY: Record<string, string> = {
  full: 'was full',
  seemed_full: 'was full shortly before',
  parked: 'was parked',
  too_few_slots: 'may not hold so many jobs',
  retired: 'was being removed',
  refused: 'the provider refused it there',
  paused: 'was paused, or the job’s token was',
  gave_back: 'had it before, and could not start it',
  saving_up: 'kept its free slots for a job that needs several',
  no_news: 'had not asked for work',
  pinned: 'could not serve it: it names another account, or a thing of one',
  not_tried: 'was not asked: others came first, or it cannot serve such calls',
}

export function StoryStepLine(props: StepProps) {
  const { step } = props
  const { what, at, why = '' } = step
  const isEnd = what === 'ended'
  const title = isEnd ? `Ended: ${why.split(':')[0] ?? ''}` : (TITLES[what] ?? what)
  const isBad = isEnd ? !why.startsWith('completed') : what === 'given_up'
  const isOpen = what === 'event' && props.delivery?.state === 'pending'
  return (
    <li class={isBad ? 'bad' : isOpen ? 'open' : 'done'}>
      <time dateTime={at}>{clock(at)}</time>{' '}
      {step.delivery === undefined ? (
        <strong>{title}</strong>
      ) : (
        <a href={hrefTo(['deliveries', step.delivery], { tenant: props.tenant })}>
          <strong>{title}</strong>
        </a>
      )}{' '}
      <span>{wordsOf(props)}</span>
      <Others step={step} />
    </li>
  )
}

function wordsOf({ step, waitedMs, tookMs, delivery, title }: StepProps): ComponentChildren {
  const { what, account, why = '' } = step
  const ofAccount = account ? ` of ${account}` : ''
  switch (what) {
    case 'queued':
      return why === 'pinned' && account ? `Only ${account} may serve it.` : null
    case 'chosen':
      return account ?? null
    case 'given_back':
      return `${account ?? 'The account'} could not start it: ${why}.`
    case 'slot':
      return `With a slot${ofAccount}${waited(waitedMs)}.`
    case 'answer_lost':
      return 'The gateway looks for the job, and never sends it again.'
    case 'accepted':
      return `${title} has it.`
    case 'found':
      return `The search at ${title} found it.`
    case 'ended':
      return [
        tookMs === null ? '' : `After ${span(tookMs)}.`,
        why.includes(': ') ? why.slice(why.indexOf(': ') + 2) : '',
      ]
        .filter(Boolean)
        .join(' ')
    case 'event':
      return delivery ? <Pending delivery={delivery} /> : why
    case 'delivered':
    case 'given_up':
      return delivery ? answerOf(delivery) : why
    default:
      return null
  }
}

function waited(ms: number | null): string {
  return ms !== null && ms >= 1000 ? `, after a wait of ${span(ms)}` : ''
}

function Pending({ delivery }: { delivery: Delivery }) {
  const { url, state, nextAttempt } = delivery
  return (
    <>
      to {url ?? 'the endpoints'}
      {state === 'pending' && `. ${answerOf(delivery)}`}
      {nextAttempt && (
        <>
          {'. The next one waits '}
          <Until at={nextAttempt} />
        </>
      )}
    </>
  )
}

function answerOf({ attempts, lastStatus, lastError, state, reason }: Delivery): string {
  const answer = [
    lastStatus === null ? '' : `answer ${String(lastStatus)}`,
    lastError ?? '',
    state === 'dead' ? (reason ?? '') : '',
  ]
    .filter(Boolean)
    .join(', ')
  const tries = `${String(attempts)} ${attempts === 1 ? 'attempt' : 'attempts'}`
  return answer ? `${tries}: ${answer}` : tries
}

function Others({ step: { others = [], more } }: { step: StoryStep }) {
  if (others.length === 0 && more === undefined) return null
  const count = others.length + (more ?? 0)
  return (
    <details class="others">
      <summary>Why not {count === 1 ? 'the other account' : `the ${count} other accounts`}</summary>
      <ul>
        {others.map(({ account, why, reason, until }) => (
          <li key={account}>
            {account} {WHY[why] ?? why}
            {reason && ` (${reason})`}
            {until && ` until ${clock(until)}`}
          </li>
        ))}
        {more !== undefined && <li>{more} more, whose reasons were not kept</li>}
      </ul>
    </details>
  )
}
