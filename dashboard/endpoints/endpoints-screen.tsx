/** Where a tenant's events go, and the secrets that sign them. */
import { useLoad } from '../shell/load.ts'
import { ask } from '../shell/api.ts'
import { mayChange } from '../shell/session.ts'
import { say } from '../shell/toasts.tsx'
import { Form, TextField } from '../parts/form.tsx'
import { ProblemBanner } from '../parts/problem.tsx'
import { SavedOnce } from '../parts/saved-once.tsx'
import { CallbackSecret } from './callback-secret.tsx'
import { WebhookEndpoints } from './webhook-endpoints.tsx'

export function EndpointsScreen() {
  return (
    <>
      <h1>Endpoints and secrets</h1>
      <SavedOnce />
      {!mayChange.value && (
        <p class="hint">
          This token may look and use. To change something here, sign in with a full token.
        </p>
      )}
      <WebhookEndpoints mayChange={mayChange.value} />
      <ReplyUrl />
      <CallbackSecret />
    </>
  )
}

function ReplyUrl() {
  const { value, error, reload } = useLoad(
    (signal) => ask<{ replyUrl: string | null }>('GET', '/v2/account', { signal }),
    []
  )
  const save = async ({ replyUrl = '' }: Record<string, string>) => {
    await ask('POST', '/v2/account', { body: { replyUrl: replyUrl.trim() } })
    say(
      replyUrl.trim()
        ? 'Saved. It counts for jobs that start from now on.'
        : 'The default is removed.'
    )
    reload()
  }
  return (
    <section aria-labelledby="reply-url">
      <h2 id="reply-url">Default reply URL</h2>
      <p class="muted">The end of each job that names no other address is sent here.</p>
      <ProblemBanner error={error} retry={reload} />
      {value && !mayChange.value && <p>{value.replyUrl ?? 'There is none.'}</p>}
      {value && mayChange.value && (
        <Form action="Save" onSubmit={save}>
          <TextField
            key={value.replyUrl}
            label="URL"
            name="replyUrl"
            type="url"
            placeholder="https://"
            value={value.replyUrl ?? ''}
            help="https on a public address. Empty: there is no default."
          />
        </Form>
      )}
    </section>
  )
}
