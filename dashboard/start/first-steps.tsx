/** Leads from an empty gateway to a first video: a tenant and its token, an account, a video, its end, its delivery. */
import { signal } from '@preact/signals'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import { ProblemBanner } from '../parts/problem.tsx'
import { ShownOnce } from '../parts/secret.tsx'
import { AddAccountForm } from '../pool/account-form.tsx'
import { ask } from '../shell/api.ts'
import { loadTenants } from '../shell/tenants.ts'
import { refreshPool } from '../shell/live.ts'
import { chooseTenant, chosenTenant, isOneTenant, isOperator, session } from '../shell/session.ts'
import { FirstVideo } from './first-video.tsx'

interface Begun {
  /** Kept until the steps are left, because the video must be made with it: the operator's own token starts no job. */
  token: string
  tenant: string
  account?: { provider: string; email: string }
}

const begun = signal<Begun | undefined>(undefined)
/** Whether the steps go on although the gateway is not empty any more. */
export const isBegun = signal(false)

function leave(): void {
  begun.value = undefined
  isBegun.value = false
}

export function FirstSteps() {
  const { token = '', tenant = '', account } = begun.value ?? {}
  const own = isOperator.value ? token : (session.value?.token ?? '')
  const needsTenant = isOperator.value && !isOneTenant.value
  return (
    <>
      <div class="title">
        <h1>{isOperator.value ? 'Three' : 'Two'} steps to the first video</h1>
        <button type="button" class="outline small" onClick={leave} hidden={!isBegun.value}>
          Leave these steps
        </button>
      </div>
      <ol class="steps">
        {isOperator.value && (
          <Step title="A tenant, and its token" isDone={!needsTenant} isNow={needsTenant}>
            {needsTenant ? <MakeTenant /> : <p>Its name is {chosenTenant.value}.</p>}
            {token && tenant === chosenTenant.value && (
              <ShownOnce name={`The token of ${tenant}`} value={token} />
            )}
          </Step>
        )}
        <Step title="An account" isDone={Boolean(account)} isNow={!needsTenant && !account}>
          {account ? (
            <p>{account.email} is in the pool.</p>
          ) : (
            <AddAccountForm
              onAdded={(added) => {
                isBegun.value = true
                begun.value = { token, tenant, account: added }
              }}
            />
          )}
        </Step>
        <Step title="A video" isDone={false} isNow={Boolean(account)}>
          {account && <FirstVideo {...account} token={own} onLeave={leave} />}
        </Step>
      </ol>
    </>
  )
}

interface StepProps {
  title: string
  isDone: boolean
  isNow: boolean
  children: ComponentChildren
}

/** The step whose turn it is takes the focus. What comes later is only named. */
function Step({ title, isDone, isNow, children }: StepProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => {
    if (isNow) heading.current?.focus()
  }, [isNow])
  return (
    <li class={isDone ? 'done' : isNow ? 'now' : 'later'} aria-current={isNow ? 'step' : undefined}>
      <h2 ref={heading} tabIndex={-1}>
        {title}
        {isDone && <span class="badge good">done</span>}
      </h2>
      {(isDone || isNow) && children}
    </li>
  )
}

function MakeTenant() {
  const [name, setName] = useState('')
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      const body = { name: name.trim() }
      const made = await ask<{ token: string; tenant: string }>('POST', '/admin/tokens', { body })
      begun.value = { token: made.token, tenant: made.tenant }
      isBegun.value = true
      await loadTenants()
      chooseTenant(made.tenant)
      refreshPool()
    } catch (problem) {
      setError(problem)
      setBusy(false)
    }
  }
  return (
    <form onSubmit={submit}>
      <p>
        A tenant has accounts and tokens of its own, and sees nothing of the others. One is enough
        for one team.
      </p>
      <ProblemBanner error={error} />
      <label>
        A name for the token, such as the program that will use it
        <input
          type="text"
          required
          maxLength={100}
          autocomplete="off"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="small" aria-busy={isBusy}>
        Make a tenant and a token
      </button>
    </form>
  )
}
