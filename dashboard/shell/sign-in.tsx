/** Asks for a token. Which kind of token it is, the gateway says. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ProblemBanner } from '../parts/problem.tsx'
import { keepSession } from './session.ts'
import { whoIs } from './sign-in-call.ts'

export function SignIn() {
  const [token, setToken] = useState('')
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    document.title = 'Sign in · heygen-gateway'
    input.current?.focus()
  }, [])
  const submit = async (event: Event) => {
    event.preventDefault()
    const typed = token.trim()
    if (!typed || isBusy) return
    setBusy(true)
    setError(undefined)
    try {
      keepSession(await whoIs(typed))
    } catch (problem) {
      setError(problem)
      setBusy(false)
      input.current?.focus()
    }
  }
  return (
    <main class="sign-in">
      <h1>heygen-gateway</h1>
      <p>
        Sign in with a token of the gateway, or with its <code>ADMIN_TOKEN</code> to see all
        tenants.
      </p>
      <ProblemBanner error={error} />
      <form onSubmit={submit}>
        <label>
          Token
          <input
            ref={input}
            type="password"
            name="token"
            autocomplete="off"
            spellcheck={false}
            required
            value={token}
            aria-invalid={error ? true : undefined}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <button type="submit" aria-busy={isBusy}>
          Sign in
        </button>
      </form>
      <p class="muted">
        The token is kept for this tab only. Closing the tab, or <em>Sign out</em>, forgets it.
      </p>
      <p class="muted">
        <a href="/docs">API documentation</a>
      </p>
    </main>
  )
}
