/** A choice among a few values, kept in the address of the screen. */
import { PROVIDERS } from '../providers.ts'
import { providersInUse } from '../shell/live.ts'
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

/** For screens that show one provider at a time: the chosen one, or the first that has accounts. */
export function providerIn(query: URLSearchParams): string {
  return query.get('provider') ?? providersInUse.value[0] ?? PROVIDERS[0]?.name ?? ''
}

export function ProviderChoice({
  provider,
  onChoose,
}: {
  provider: string
  onChoose: (name: string) => void
}) {
  return (
    <label>
      Provider
      <select value={provider} onChange={(event) => onChoose(event.currentTarget.value)}>
        {PROVIDERS.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    </label>
  )
}
