/** The place on the page is in the hash: `#/jobs/heygen/abc?state=ended`. The server never sees it. */
import { computed, signal } from '@preact/signals'

const hash = signal(location.hash)

addEventListener('hashchange', () => {
  hash.value = location.hash
})

export interface Place {
  /** `['jobs', 'heygen', 'abc']` */
  path: string[]
  query: URLSearchParams
}

export const place = computed<Place>(() => {
  const [path = '', query = ''] = hash.value.replace(/^#\/?/, '').split('?')
  return {
    path: path.split('/').filter(Boolean).map(decodeURIComponent),
    query: new URLSearchParams(query),
  }
})

export function hrefTo(path: string[], query: Record<string, string | undefined> = {}): string {
  const kept = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]))
  const search = kept.length === 0 ? '' : `?${new URLSearchParams(kept).toString()}`
  return `#/${path.map(encodeURIComponent).join('/')}${search}`
}

/** Changes the query without a new entry in the history. For filters. */
export function replaceQuery(change: Record<string, string | undefined>): void {
  const { path, query } = place.value
  const href = hrefTo(path, { ...Object.fromEntries(query), ...change })
  history.replaceState(null, '', href)
  hash.value = href
}
