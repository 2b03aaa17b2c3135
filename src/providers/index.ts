/** The list of providers. A new provider is a folder and one line here. */
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

/** For names in stored records, which are always known. */
export function getProvider(name: string): Provider {
  const provider = findProvider(name)
  if (!provider) throw new Error(`no provider is called ${name}`)
  return provider
}
