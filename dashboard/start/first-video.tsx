/** Makes one video with the very request that a program would send, and follows it to its end. */
import { useState } from 'preact/hooks'
import { ProblemBanner } from '../parts/problem.tsx'
import { CopyButton } from '../parts/secret.tsx'
import { JobLife } from '../jobs/job-life.tsx'
import { PROVIDERS, titleOf } from '../providers.ts'
import { call, Problem } from '../shell/api.ts'
import { hrefTo } from '../shell/router.ts'
import { chosenTenant } from '../shell/session.ts'

interface FirstVideoProps {
  provider: string
  email: string
  /** The token of the tenant. Empty: the operator must give one, because the operator's own starts no job. */
  token: string
  onLeave: () => void
}

export function FirstVideo({ provider, email, token: known, onLeave }: FirstVideoProps) {
  const facts = PROVIDERS.find(({ name }) => name === provider)
  const [given, setGiven] = useState('')
  const [text, setText] = useState(JSON.stringify(facts?.firstVideo.body ?? {}, null, 2))
  const [replyUrl, setReplyUrl] = useState('')
  const [job, setJob] = useState('')
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const path = facts?.firstVideo.path ?? ''
  const make = async (event: Event) => {
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    setError(undefined)
    try {
      setJob(await start(path, text, { token: known || given.trim(), email, replyUrl }))
    } catch (problem) {
      setError(problem)
    }
    setBusy(false)
  }
  if (job) return <Sent {...{ provider, job, onLeave }} onAgain={() => setJob('')} />
  return (
    <form onSubmit={make}>
      <p>
        This is the request that a program sends. Change it as you like. The video is made with{' '}
        {email}.
      </p>
      <ProblemBanner error={error} />
      {!known && (
        <label>
          A token of the tenant
          <input
            type="password"
            autocomplete="off"
            required
            value={given}
            onInput={(event) => setGiven(event.currentTarget.value)}
          />
        </label>
      )}
      <pre>
        <code>{commandOf(path, email, replyUrl)}</code>
      </pre>
      <CopyButton text={commandOf(path, email, replyUrl, text)} label="Copy the whole command" />
      <label>
        The body
        <textarea
          class="code"
          rows={8}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <label>
        Where its end is told (an address of yours; may be left out)
        <input
          type="url"
          placeholder="https://example.com/hook"
          value={replyUrl}
          onInput={(event) => setReplyUrl(event.currentTarget.value)}
        />
      </label>
      <p class="note">
        <strong>This costs credits</strong> if {email} is a real account: {titleOf(provider)} has no
        free test videos. In <code>npm start</code> the provider is a simulator, and nothing is
        paid.
      </p>
      <button type="submit" class="small" aria-busy={isBusy}>
        Make the video
      </button>
    </form>
  )
}

interface SentProps {
  provider: string
  job: string
  onLeave: () => void
  onAgain: () => void
}

function Sent({ provider, job, onLeave, onAgain }: SentProps) {
  return (
    <>
      <p>It was sent. What is below changes by itself.</p>
      <JobLife provider={provider} id={job} tenant={chosenTenant.value} />
      <p class="buttons">
        <a role="button" class="small" href={hrefTo(['pool'])} onClick={onLeave}>
          Go to the pool
        </a>
        <button type="button" class="outline small" onClick={onAgain}>
          Make another one
        </button>
      </p>
    </>
  )
}

interface StartOptions {
  token: string
  email: string
  replyUrl: string
}

/** The id of the job. The body is sent as it was typed. */
async function start(path: string, text: string, options: StartOptions): Promise<string> {
  const { token, email, replyUrl } = options
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new Problem('The body is not JSON. Look for a missing quote or comma.')
  }
  const headers = {
    'X-Gateway-Account': email,
    ...(replyUrl ? { 'X-Gateway-Reply-Url': replyUrl } : {}),
  }
  const answer = await call('POST', path, { body, token, headers })
  const id = answer.headers.get('x-gateway-job')?.split(',')[0]
  return id ?? answer.headers.get('x-request-id') ?? ''
}

function commandOf(path: string, email: string, replyUrl: string, body?: string): string {
  const lines = [
    `curl ${location.origin}${path}`,
    `-H "Authorization: Bearer $TOKEN"`,
    `-H "X-Gateway-Account: ${email}"`,
    ...(replyUrl ? [`-H "X-Gateway-Reply-Url: ${replyUrl}"`] : []),
    `-H "Content-Type: application/json"`,
    `-d '${body?.replaceAll("'", String.raw`'\''`) ?? '…'}'`,
  ]
  return lines.join(' \\\n  ')
}
