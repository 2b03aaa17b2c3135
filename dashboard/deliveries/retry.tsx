/** Sends deliveries again: one, or all that were given up and are shown. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Dialog } from '../parts/dialog.tsx'
import { Form } from '../parts/form.tsx'
import { runLines } from '../parts/run-lines.ts'
import { ask } from '../shell/api.ts'
import { say, sayProblem } from '../shell/toasts.tsx'
import type { Delivery, DeliveryInFull } from './delivery.ts'

async function sendAgain({ id, tenant }: Pick<Delivery, 'id' | 'tenant'>) {
  const path = `/v1/deliveries/${encodeURIComponent(id)}/retry`
  return ask<DeliveryInFull>('POST', path, tenant === undefined ? {} : { tenant })
}

/** The delivery as its list shows it. */
function toRow({ attempts, ...rest }: DeliveryInFull, tenant: string | undefined): Delivery {
  return { ...rest, attempts: attempts.length, ...(tenant === undefined ? {} : { tenant }) }
}

interface RetryProps {
  one: Delivery
  put: (changed: Delivery) => void
}

export function RetryButton({ one, put }: RetryProps) {
  const isSending = useRef(false)
  const [isBusy, setBusy] = useState(false)
  const send = async () => {
    if (isSending.current) return
    isSending.current = true
    setBusy(true)
    try {
      put(toRow(await sendAgain(one), one.tenant))
      say('It is being sent again. The answer comes in a moment.')
    } catch (error) {
      sayProblem(error)
    }
    isSending.current = false
    setBusy(false)
  }
  const words = one.state === 'pending' ? 'Send now' : 'Send again'
  return (
    <button
      type="button"
      class="outline small"
      aria-busy={isBusy}
      aria-label={`${words}: ${one.event.type}`}
      onClick={send}
    >
      {words}
    </button>
  )
}

/** Stays while it works, whatever the list below becomes meanwhile: each row that is sent again is no longer one that was given up. */
export function RetryAll({ dead, put }: { dead: Delivery[]; put: (changed: Delivery) => void }) {
  const [asked, setAsked] = useState<Delivery[]>()
  const [done, setDone] = useState(0)
  const stop = useRef(new AbortController())
  useEffect(() => () => stop.current.abort(), [])
  const close = () => {
    stop.current.abort()
    setAsked(undefined)
  }
  const sendAll = async (all: Delivery[]) => {
    stop.current = new AbortController()
    setDone(0)
    const failed: unknown[] = []
    await runLines(all, stop.current.signal, async (one) => {
      try {
        put(toRow(await sendAgain(one), one.tenant))
      } catch (error) {
        failed.push(error)
      }
      setDone((before) => before + 1)
    })
    if (stop.current.signal.aborted) return
    setAsked(undefined)
    const [first] = failed
    if (first !== undefined) sayProblem(first)
    say(`${all.length - failed.length} of ${all.length} deliveries are being sent again.`)
  }
  if (!asked && dead.length < 2) return null
  return (
    <p class="buttons">
      <button type="button" class="outline small" onClick={() => setAsked(dead)}>
        Send again: the {dead.length} shown that were given up
      </button>
      {asked && (
        <Dialog title={`Send ${asked.length} again?`} onClose={close}>
          <p>
            Each receiver gets its event once more, and for 24 hours if it does not answer 2xx.
            Nothing is lost. Receivers that act twice on one event should drop a{' '}
            <code>webhook-id</code> that they have seen.
          </p>
          <Form action="Send them again" onCancel={close} onSubmit={() => sendAll(asked)}>
            <progress value={done} max={asked.length} aria-label="Sent again" />
          </Form>
        </Dialog>
      )}
    </p>
  )
}
