import type { Json, Legacy, Members } from '../map/places.ts'

export interface Sample {
  row: string
  /** What is different from other samples of the row. */
  name?: string
  params?: Record<string, string>
  query?: Record<string, string>
  body?: Members
  raw?: Legacy['raw']
  /** Pointers of the body, and names of the query, without which the call makes no sense. */
  needs?: string[]
  /** More values of a pointer or a name of the query, tried one at a time. */
  values?: Record<string, Json[]>
}
