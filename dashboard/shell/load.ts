/** Loads something for a screen, again whenever `deps` change. The old value stays while the new one is on its way. */
import { useCallback, useEffect, useState } from 'preact/hooks'

export interface Loaded<T> {
  value: T | undefined
  error: unknown
  isLoading: boolean
  reload: () => void
}

export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, deps: unknown[]): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>({
    value: undefined,
    error: undefined,
    isLoading: true,
  })
  const [round, setRound] = useState(0)
  useEffect(() => {
    const abort = new AbortController()
    setState((before) => ({ ...before, isLoading: true }))
    load(abort.signal).then(
      (value) => {
        if (!abort.signal.aborted) setState({ value, error: undefined, isLoading: false })
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setState((before) => ({ ...before, error, isLoading: false }))
      }
    )
    return () => abort.abort()
  }, [...deps, round])
  return { ...state, reload: useCallback(() => setRound((before) => before + 1), []) }
}
