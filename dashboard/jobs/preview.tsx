/** The finished video. The page may load nothing from elsewhere, so the gateway fetches it and the page keeps it in memory. */
import { useEffect, useState } from 'preact/hooks'
import { ProblemBanner } from '../parts/problem.tsx'
import { call } from '../shell/api.ts'

interface Shown {
  url: string
  type: string
  size: number
}

export function Preview({ path, tenant }: { path: string; tenant: string }) {
  const [shown, setShown] = useState<Shown>()
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  useEffect(() => {
    return () => {
      if (shown) URL.revokeObjectURL(shown.url)
    }
  }, [shown])
  const load = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const answer = await call('GET', path, tenant ? { tenant } : {})
      const blob = await answer.blob()
      setShown({ url: URL.createObjectURL(blob), type: blob.type, size: blob.size })
    } catch (problem) {
      setError(problem)
    }
    setBusy(false)
  }
  return (
    <section>
      <h2>The result</h2>
      <ProblemBanner error={error} />
      {shown ? (
        <>
          <Media {...shown} />
          <p>
            <a href={shown.url} download={nameFor(shown.type)}>
              Save it
            </a>{' '}
            <span class="muted">
              ({Math.max(1, Math.round(shown.size / 1024)).toLocaleString()} KiB)
            </span>
          </p>
        </>
      ) : (
        <button type="button" class="outline small" aria-busy={isBusy} onClick={load}>
          Load and show it
        </button>
      )}
    </section>
  )
}

function Media({ url, type }: Shown) {
  if (type.startsWith('image/'))
    return <img class="preview" src={url} alt="The result of the job" />
  if (type.startsWith('audio/')) return <audio controls src={url} />
  // The gateway does not know what is said in it, so there are no captions to offer.
  return <video class="preview" controls src={url} aria-label="The result of the job" />
}

function nameFor(type: string): string {
  return `result.${type.split(/[/;]/)[1] ?? 'mp4'}`
}
