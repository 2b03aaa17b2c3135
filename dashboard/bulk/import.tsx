/**
 * Accounts out of a CSV text. Each line is proved first: the gateway tries its key at the provider and stores nothing. Then the good
 * lines are imported. The keys are in the text field until they are proved, and after that only in the memory of the page.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Badge } from '../parts/badge.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { runLines } from '../parts/run-lines.ts'
import { ask, Problem } from '../shell/api.ts'
import { pool, refreshPool } from '../shell/live.ts'
import { say } from '../shell/toasts.tsx'
import { readAccounts, type AccountLine } from './accounts-file.ts'
import { addedWith, isGood, refused, STATES, type Line } from './import-lines.ts'
import { PasteAccounts } from './paste-accounts.tsx'

type Step = 'prove' | 'import'

export function Import() {
  const [lines, setLines] = useState<Line[]>([])
  const [step, setStep] = useState<Step>('prove')
  const [isRunning, setRunning] = useState(false)
  /** The bodies with the keys, by line. A body is dropped when its line is done. */
  const bodies = useRef(new Map<number, AccountLine['body']>())
  const stop = useRef<AbortController>(undefined)
  const forget = () => {
    stop.current?.abort()
    bodies.current.clear()
  }
  useEffect(() => forget, [])

  const run = async (next: Step, chosen: Line[]) => {
    // A second click comes before the page is drawn anew.
    if (stop.current && !stop.current.signal.aborted) return
    const { signal } = (stop.current = new AbortController())
    setStep(next)
    setRunning(true)
    await runLines(chosen, signal, async (line) => {
      const body = bodies.current.get(line.line)
      if (!body) return
      setLines((all) => put(all, { ...line, state: 'busy' }))
      const result = await send(next, line, body)
      // A line that is added or refused for good needs its key no more.
      if (result.state === 'added' || result.state === 'bad') bodies.current.delete(line.line)
      setLines((all) => put(all, result))
    })
    if (stop.current?.signal === signal) stop.current = undefined
    setRunning(false)
    if (next === 'import') {
      refreshPool()
      say('The import is over. Each line says how it ended.')
    }
  }
  const begin = (text: string): string | undefined => {
    const read = readAccounts(text)
    if (read.problem !== undefined) return read.problem
    const begun = read.lines.map(({ body, ...line }): Line => {
      if (line.problem !== undefined) return { ...line, state: 'bad', words: line.problem }
      bodies.current.set(line.line, body)
      return { ...line, state: 'waiting', words: '' }
    })
    setLines(begun)
    void run(
      'prove',
      begun.filter(({ state }) => state === 'waiting')
    )
    return undefined
  }
  const again = () => {
    forget()
    stop.current = undefined
    setLines([])
  }
  if (lines.length === 0) return <PasteAccounts begin={begin} />
  return (
    <Lines
      {...{ lines, step, isRunning, again }}
      stop={() => stop.current?.abort()}
      prove={() =>
        void run(
          'prove',
          lines.filter(({ state }) => state === 'waiting' || state === 'failed')
        )
      }
      add={() => void run('import', lines.filter(isGood))}
    />
  )
}

function put(all: Line[], changed: Line): Line[] {
  const twin = all.find(
    (one) =>
      one.line !== changed.line &&
      changed.state === 'good' &&
      isGood(one) &&
      one.provider === changed.provider &&
      one.email === changed.email
  )
  const next = twin ? refused(changed, `The same account stands in line ${twin.line}.`) : changed
  return all.map((one) => (one.line === next.line ? next : one))
}

async function send(step: Step, line: Line, body: AccountLine['body']): Promise<Line> {
  const dryRun = step === 'prove' ? { dryRun: true } : {}
  try {
    const { email } = await ask<{ email: string }>('POST', `/v1/${line.provider}/accounts`, {
      body: { ...body, ...dryRun },
    })
    return addedWith(line, email, step, pool.value?.accounts ?? [])
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    const { status = 0 } = error instanceof Problem ? error : {}
    const isFinal = status >= 400 && status < 500 && status !== 429
    return isFinal ? refused(line, words) : { ...line, state: 'failed', words }
  }
}

interface LinesProps {
  lines: Line[]
  step: Step
  isRunning: boolean
  stop: () => void
  prove: () => void
  add: () => void
  again: () => void
}

function Lines({ lines, step, isRunning, stop, prove, add, again }: LinesProps) {
  // The field that had the focus is gone.
  const status = useRef<HTMLParagraphElement>(null)
  useLayoutEffect(() => status.current?.focus(), [])
  const left = lines.filter(({ state }) => state === 'waiting' || state === 'busy').length
  const good = lines.filter(isGood).length
  const untried = lines.filter(({ state }) => state === 'waiting' || state === 'failed').length
  const done =
    step === 'prove' ? lines.length - left : lines.filter(({ state }) => state === 'added').length
  const most = step === 'prove' ? lines.length : done + good
  return (
    <>
      <p ref={status} role="status" tabIndex={-1}>
        {step === 'prove'
          ? `${done} of ${most} lines proved.`
          : `${done} of ${most} accounts imported.`}{' '}
        {!isRunning && <Sum lines={lines} />}
      </p>
      <progress value={done} max={most} aria-label={step === 'prove' ? 'Proved' : 'Imported'} />
      <p class="buttons">
        {isRunning ? (
          <button type="button" class="outline" onClick={stop}>
            Stop
          </button>
        ) : (
          <>
            {good > 0 && (
              <button type="button" onClick={add}>
                Import {good === 1 ? 'the good line' : `the ${good} good lines`}
              </button>
            )}
            {untried > 0 && (
              <button type="button" class="outline" onClick={prove}>
                Prove {untried === 1 ? 'the line' : `the ${untried} lines`} that had no answer
              </button>
            )}
            <button type="button" class="secondary outline" onClick={again}>
              Paste another list
            </button>
          </>
        )}
      </p>
      <Table
        caption="Lines of the list"
        columns={COLUMNS}
        rows={lines}
        keyOf={({ line }) => String(line)}
      />
    </>
  )
}

function Sum({ lines }: { lines: Line[] }) {
  const count = (wanted: Line['state']) => lines.filter(({ state }) => state === wanted).length
  const [bad, added] = [count('bad'), count('added')]
  if (bad === 0) return <>No line was refused.</>
  return (
    <>
      {bad === 1 ? 'One line was refused' : `${bad} lines were refused`}: mend{' '}
      {bad === 1 ? 'it' : 'them'} in your file and paste {bad === 1 ? 'it' : 'them'} again
      {added > 0 ? ' without the others' : ''}. The page has forgotten{' '}
      {bad === 1 ? 'its key' : 'their keys'}.
    </>
  )
}

const COLUMNS: Column<Line>[] = [
  { title: 'Line', isNumber: true, cell: ({ line }) => line },
  { title: 'Provider', cell: ({ provider }) => provider || '–' },
  { title: 'Account', cell: ({ email }) => email || '–' },
  {
    title: 'Result',
    cell: ({ state, words }) => {
      const [tone, name] = STATES[state]
      return (
        <>
          <Badge tone={tone}>{name}</Badge> {words}
        </>
      )
    },
  },
]
