/** Replaces src/providers/index.ts: the same list and one more line. */
import { PROVIDERS as OURS } from '../../../src/providers/index.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { demo } from './demo/index.ts'

export {
  addedRowForm,
  problemsOf,
  refusalOf,
  routeOf,
  type AddedRowForm,
} from '#providers/shared/added-row.ts'

export const PROVIDERS: readonly Provider[] = [...OURS, demo]

export function findProvider(name: string): Provider | undefined {
  return PROVIDERS.find((provider) => provider.name === name)
}

export function getProvider(name: string): Provider {
  const provider = findProvider(name)
  if (!provider) throw new Error(`no provider is called ${name}`)
  return provider
}
