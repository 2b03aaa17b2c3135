/** The tenants that the operator may choose from. */
import { signal } from '@preact/signals'
import type { Tenant } from '../api-types.ts'
import { ask } from './api.ts'
import { chooseTenant, chosenTenant, isOperator } from './session.ts'
import { sayProblem } from './toasts.tsx'

export const tenants = signal<Tenant[]>([])

/** Call it after a tenant was made or removed. */
export async function loadTenants(): Promise<void> {
  if (!isOperator.value) return
  try {
    const answer = await ask<{ tenants: Tenant[] }>('GET', '/admin/tenants')
    tenants.value = answer.tenants
    const isKnown = answer.tenants.some(({ id }) => id === chosenTenant.value)
    if (chosenTenant.value && !isKnown) chooseTenant('')
  } catch (error) {
    sayProblem(error)
  }
}

/** The name that a person gave the tenant, where it is known and says more than the id. */
export function tenantTitle(id: string): string {
  return tenants.value.find((one) => one.id === id)?.name || id
}
