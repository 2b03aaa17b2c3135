/** The one list of providers. A new one is a folder and a line here. */
import { heygen } from './heygen/index.ts'
import { kling } from './kling/index.ts'
import type { Provider } from '#providers/contract/provider.ts'

export {
  addedRowForm,
  problemsOf,
  refusalOf,
  routeOf,
  type AddedRowForm,
} from '#providers/shared/added-row.ts'

export const PROVIDERS: readonly Provider[] = [heygen, kling]

export function findProvider(name: string): Provider | undefined {
  return PROVIDERS.find((provider) => provider.name === name)
}

/** For names that we stored ourselves. */
export function getProvider(name: string): Provider {
  const provider = findProvider(name)
  if (!provider) throw new Error(`no provider is called ${name}`)
  return provider
}
