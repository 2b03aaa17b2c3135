/** The buttons of an account. The gateway decides whether they may be pressed; a refusal is shown as it says it. */
import { useState } from 'preact/hooks'
import type { Parking, PoolAccount } from '../api-types.ts'
import { TypedConfirm } from '../parts/typed-confirm.tsx'
import { ask } from '../shell/api.ts'
import { refreshPool } from '../shell/live.ts'
import { say, sayProblem } from '../shell/toasts.tsx'
import { EditAccount } from './account-form.tsx'
import { reasonOf } from './words.ts'

interface TestResult {
  ok: boolean
  error?: string
  parked: Parking[]
}

type Opened = 'edit' | 'remove' | undefined

export function AccountActions({ account }: { account: PoolAccount }) {
  const { tenant, provider, email, parked } = account
  const [busy, setBusy] = useState('')
  const [opened, setOpened] = useState<Opened>()
  const path = pathOf(account)
  const run = async (name: string, act: () => Promise<string>) => {
    if (busy) return
    setBusy(name)
    try {
      say(await act())
    } catch (error) {
      sayProblem(error)
    }
    refreshPool()
    setBusy('')
  }
  const test = () =>
    run('test', async () => {
      const found = await ask<TestResult>('POST', `${path}/test`, { tenant })
      const [parking] = found.parked
      if (!found.ok) throw new Error(`${email} does not work: ${found.error ?? 'no reason given'}`)
      if (!parking) return `${email} works.`
      return `The credential of ${email} is good. It is still parked: ${reasonOf(parking)}. Unpark it if that is over.`
    })
  const unpark = () =>
    run('unpark', async () => {
      await ask('POST', `${path}/unpark`, { tenant })
      return `${email} gets jobs again.`
    })
  return (
    <footer class="buttons">
      <button type="button" class="outline small" aria-busy={busy === 'test'} onClick={test}>
        Test
      </button>
      {parked.length > 0 && (
        <button type="button" class="outline small" aria-busy={busy === 'unpark'} onClick={unpark}>
          Unpark
        </button>
      )}
      <button type="button" class="outline small" onClick={() => setOpened('edit')}>
        Edit
      </button>
      <button type="button" class="danger outline small" onClick={() => setOpened('remove')}>
        Remove
      </button>
      {opened === 'edit' && <EditAccount account={account} onClose={() => setOpened(undefined)} />}
      {opened === 'remove' && (
        <RemoveAccount
          {...{ tenant, provider, email, path }}
          onClose={() => setOpened(undefined)}
        />
      )}
    </footer>
  )
}

interface RemoveProps {
  tenant: string
  email: string
  path: string
  onClose: () => void
}

function RemoveAccount({ tenant, email, path, onClose }: RemoveProps) {
  const [isNow, setNow] = useState(false)
  const confirm = async () => {
    await ask('DELETE', isNow ? `${path}?now=true` : path, { tenant })
    say(`${email} was removed.`)
    onClose()
    refreshPool()
  }
  return (
    <TypedConfirm
      title="Remove this account?"
      word={email}
      action="Remove"
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        It gets no new jobs. Its running jobs are watched to their end, at most 48 hours, and their
        ends are delivered.
      </p>
      <label>
        <input
          type="checkbox"
          checked={isNow}
          onChange={(event) => setNow(event.currentTarget.checked)}
        />
        Forget it now: its running jobs end as “lost”, although the provider may finish and bill
        them
      </label>
    </TypedConfirm>
  )
}

function pathOf({ provider, email }: { provider: string; email: string }): string {
  return `/v1/${provider}/accounts/${encodeURIComponent(email)}`
}
