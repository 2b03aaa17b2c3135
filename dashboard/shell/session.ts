/** Who is signed in. The token is kept for this tab only, and never put into an address. */
import { computed, signal } from '@preact/signals'

export interface Session {
  token: string
  kind: 'operator' | 'tenant'
  /** The name of the token's tenant. Empty for the operator. */
  tenant: string
  /** How people call the tenant. */
  title: string
  /** `use`: may look and use, may not change accounts, endpoints or secrets. */
  scope: 'full' | 'use'
  /** It sees only what was made with it, and no account. */
  isOwn?: boolean
}

const KEPT = 'gateway.session'
const KEPT_TENANT = 'gateway.tenant'

export const session = signal<Session | undefined>(readKept())
/** The tenant that the operator looks at. Empty: all of them. */
export const chosenTenant = signal(sessionStorage.getItem(KEPT_TENANT) ?? '')
export const isOperator = computed(() => session.value?.kind === 'operator')
/** Whether the person may change things of the tenant in view. */
export const mayChange = computed(() => isOperator.value || session.value?.scope === 'full')
/** Whether the token sees the accounts of its tenant. */
export const seesAccounts = computed(() => session.value?.isOwn !== true)
/** Whether everything on the page is of one tenant. */
export const isOneTenant = computed(() => !isOperator.value || chosenTenant.value !== '')

function readKept(): Session | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? '') as Session
  } catch {
    return undefined
  }
}

export function keepSession(made: Session): void {
  sessionStorage.setItem(KEPT, JSON.stringify(made))
  session.value = made
}

export function signOut(): void {
  sessionStorage.removeItem(KEPT)
  chooseTenant('')
  session.value = undefined
}

export function chooseTenant(name: string): void {
  sessionStorage.setItem(KEPT_TENANT, name)
  chosenTenant.value = name
}
