/** A table that becomes a list of cards on a phone. */
import type { ComponentChildren } from 'preact'

export interface Column<T> {
  title: string
  cell: (row: T) => ComponentChildren
  isNumber?: boolean
}

interface TableProps<T> {
  /** Read aloud before the table. */
  caption: string
  columns: Column<T>[]
  rows: T[]
  keyOf: (row: T) => string
  /** Shown instead of an empty table. */
  empty?: ComponentChildren
}

export function Table<T>({ caption, columns, rows, keyOf, empty }: TableProps<T>) {
  if (rows.length === 0 && empty !== undefined) return <p class="empty">{empty}</p>
  return (
    <table class="cards-on-phone">
      <caption class="for-ears">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, isNumber }) => (
            <th key={title} scope="col" class={isNumber ? 'number' : ''}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ title, cell, isNumber }) => (
              <td key={title} data-label={title} class={isNumber ? 'number' : ''}>
                <div>{cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
