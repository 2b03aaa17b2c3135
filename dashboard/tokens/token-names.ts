/** How people call the tokens. Only the operator may know that; others see ids. */
import { ask } from '../shell/api.ts'
import { isOperator } from '../shell/session.ts'

export type TokenNames = ReadonlyMap<string, string>

export const NO_NAMES: TokenNames = new Map()

export async function tokenNames(signal: AbortSignal): Promise<TokenNames> {
  if (!isOperator.value) return NO_NAMES
  const asked = ask<{ tokens: { id: string; name: string }[] }>('GET', '/admin/tokens', { signal })
  const { tokens } = await asked
  return new Map(tokens.map(({ id, name }) => [id, `${name} (${id})`]))
}
