/** Finds out by asking whose token it is. */
import { ask, Problem } from './api.ts'
import type { Session } from './session.ts'

interface OwnAccount {
  id: string
  name: string | null
  token?: string
  scope?: 'full' | 'use'
}

/** Every tenant's token begins so. The operator's has no form, so that question is asked first for all others. */
const TENANT_TOKEN = /^hgw_/

export async function whoIs(token: string): Promise<Session> {
  const questions = [askAsTenant, askAsOperator]
  if (!TENANT_TOKEN.test(token)) questions.reverse()
  for (const question of questions) {
    try {
      return await question(token)
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error
    }
  }
  throw new Problem('The gateway does not know this token. Was it copied whole?', { status: 401 })
}

async function askAsTenant(token: string): Promise<Session> {
  const account = await ask<OwnAccount>('GET', '/v2/account', { token })
  const { id, name, scope = 'full' } = account
  // A token that sees only its own is told of itself, and not of its tenant.
  const isOwn = id === account.token
  return { token, kind: 'tenant', tenant: id, title: name ?? id, scope, isOwn }
}

async function askAsOperator(token: string): Promise<Session> {
  await ask('GET', '/admin/tenants', { token })
  return { token, kind: 'operator', tenant: '', title: '', scope: 'full' }
}
