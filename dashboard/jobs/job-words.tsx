/** What the states of jobs mean. */
import { Badge, type Tone } from '../parts/badge.tsx'

interface Word {
  word: string
  tone: Tone
  help: string
}

export const OUTCOMES: Record<string, Word> = {
  queued: { word: 'In the queue', tone: 'info', help: 'It waits for a slot.' },
  running: { word: 'Running', tone: 'info', help: 'The provider works on it.' },
  waiting: { word: 'Waits for a person', tone: 'warn', help: 'Somebody must answer it.' },
  outcome_unknown: {
    word: 'Unknown',
    tone: 'warn',
    help: 'The provider may have taken it. It is never sent again.',
  },
  completed: { word: 'Completed', tone: 'good', help: 'The provider says that it is done.' },
  failed: { word: 'Failed', tone: 'bad', help: 'The provider says why.' },
  gone: { word: 'Gone', tone: 'off', help: 'The provider does not know it any more.' },
  absent: { word: 'Never started', tone: 'off', help: 'The provider had not taken it.' },
  lost: { word: 'Lost', tone: 'bad', help: 'There was no news of it for 48 hours.' },
  forced: { word: 'Freed by force', tone: 'off', help: 'Somebody freed its slot.' },
}

const WAITS_FOR: Record<string, string> = {
  slot: 'its turn',
  pause: 'the end of a pause',
  account: 'an account: all are parked or drained',
  token_limit: 'its token, which is at its limit',
  subscription: 'its token, whose subscription has lapsed',
  other_job: 'a job that it goes on from',
}

/** What a queued job waits for, to be read after “for”. */
export function waitsForWords(waitsFor: string | null): string {
  return waitsFor === null ? '–' : (WAITS_FOR[waitsFor] ?? waitsFor)
}

export function JobState({ status }: { status: string }) {
  const { word, tone, help } = OUTCOMES[status] ?? { word: status, tone: 'off', help: '' }
  return (
    <span title={help}>
      <Badge tone={tone as Tone}>{word}</Badge>
    </span>
  )
}
