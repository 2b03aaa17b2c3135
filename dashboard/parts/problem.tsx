/** What went wrong, where it went wrong, with the request id and a way to try again. */
import { Problem } from '../shell/api.ts'

export function ProblemBanner({ error, retry }: { error: unknown; retry?: () => void }) {
  if (!error) return null
  const { status = 0, requestId = '' } = error instanceof Problem ? error : {}
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{error instanceof Error ? error.message : String(error)}</strong>
        {status > 0 && <span class="muted"> Status {status}.</span>}
        {requestId && (
          <span class="muted">
            {' '}
            Request <code>{requestId}</code>
          </span>
        )}
      </p>
      {retry && (
        <button type="button" class="outline small" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}
