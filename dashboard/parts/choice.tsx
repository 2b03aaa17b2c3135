/** A choice among a few values, kept in the address of the screen. */
import { replaceQuery } from '../shell/router.ts'

interface ChoiceProps {
  label: string
  name: string
  query: URLSearchParams
  value?: string
  options: [string, string][]
}

export function Choice({ label, name, query, value, options }: ChoiceProps) {
  return (
    <label>
      {label}
      <select
        value={value ?? query.get(name) ?? ''}
        onChange={(event) => replaceQuery({ [name]: event.currentTarget.value })}
      >
        {options.map(([option, word]) => (
          <option key={option} value={option}>
            {word}
          </option>
        ))}
      </select>
    </label>
  )
}
