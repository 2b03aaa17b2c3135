/** A list that comes in pages: the newest first, older ones on request. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { ProblemBanner } from './problem.tsx'

interface Page<T> {
  items: T[]
  next: string | null
}

export interface Pages<T> extends Page<T> {
  error: unknown
  isLoading: boolean
  /** False until the first page has come. */
  isThere: boolean
  more: () => void
  /** Starts again with the first page. What is shown stays until it comes. */
  reload: () => void
  /** Puts items into the places of those that they replace. */
  change: (replace: (item: T) => T) => void
}

/** `load` gets the cursor of the page before; none for the first page. */
export function usePages<T>(
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
  deps: unknown[]
): Pages<T> {
  const [page, setPage] = useState<Page<T>>()
  const [error, setError] = useState<unknown>()
  const [isLoading, setLoading] = useState(true)
  const abort = useRef(new AbortController())
  const read = (cursor?: string) => {
    abort.current.abort()
    const { signal } = (abort.current = new AbortController())
    setLoading(true)
    load(cursor, signal).then(
      ({ items, next }) => {
        if (signal.aborted) return
        setPage((before) => ({
          items: cursor === undefined ? items : [...(before?.items ?? []), ...items],
          next,
        }))
        setError(undefined)
        setLoading(false)
      },
      (problem: unknown) => {
        if (signal.aborted) return
        setError(problem)
        setLoading(false)
      }
    )
  }
  useEffect(() => {
    read()
    return () => abort.current.abort()
  }, deps)
  return {
    items: page?.items ?? [],
    next: page?.next ?? null,
    error,
    isLoading,
    isThere: page !== undefined,
    more: () => page?.next && read(page.next),
    reload: () => read(),
    change: (replace) =>
      setPage((before) => before && { ...before, items: before.items.map(replace) }),
  }
}

/** Below a list: how much is shown, what went wrong, and a button for older ones. */
export function More<T>({ pages, what }: { pages: Pages<T>; what: string }) {
  const { items, next, error, isLoading, isThere, more, reload } = pages
  return (
    <>
      <ProblemBanner error={error} retry={reload} />
      <p class="buttons more" role="status">
        {!isThere && isLoading && <span aria-busy="true">Loading {what}…</span>}
        {isThere && items.length > 0 && (
          <span class="muted">
            {items.length} {what} shown{next ? '' : ', these are all'}.
          </span>
        )}
        {next && (
          <button type="button" class="outline small" aria-busy={isLoading} onClick={more}>
            Show older ones
          </button>
        )}
      </p>
    </>
  )
}
