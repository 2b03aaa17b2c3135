/** What a screen is. The list of them: screens.ts. */
import type { ComponentType } from 'preact'

export interface ScreenProps {
  /** The words of the hash behind the screen's own: `['heygen', 'abc']` of `#/jobs/heygen/abc`. */
  path: string[]
  query: URLSearchParams
}

export interface Screen {
  /** The first word of its hash. */
  hash: string
  title: string
  component: ComponentType<ScreenProps>
  /** `any`: every token. `full`: a token that may change the tenant, or the operator. `operator`: the operator alone. */
  needs: 'any' | 'full' | 'operator'
  /** The heading in the menu under which it stands. */
  group: 'Now' | 'Messages' | 'Settings'
  /** It is about accounts, of which some tokens see none. */
  isOfAccounts?: boolean
  /** It shows one tenant only: the operator is asked to choose one first. */
  isOfOneTenant?: boolean
}
