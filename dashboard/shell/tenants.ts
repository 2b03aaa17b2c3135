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

/** How lists to choose from name a tenant: two tenants may have one name. */
export function tenantInFull({ id, name }: Pick<Tenant, 'id' | 'name'>): string {
  return name && name !== id ? `${name} (${id})` : id
}

/** Begins an id that the gateway made up. Other ids are names that a person chose: two tenants may both be called `owner`. */
const MADE_UP = /^tnt_/

/** The name that a person gave the tenant, where it is known and says more than the id. */
export function tenantTitle(id: string): string {
  if (!MADE_UP.test(id)) return id
  return tenants.value.find((one) => one.id === id)?.name || id
}
