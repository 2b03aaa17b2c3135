/**
 * Every v3 body is held against its schema, and what is wrong is kept for /__sim/bodies. It is refused if the setting
 * `strict` is on, or if the account has lost an older family: then all that it gets is meant for v3.
 */
import type { BadBody } from '../../state/types.ts'
import type { Call } from '../answers/call.ts'
import { invalid } from '../answers/errors.ts'
import { schemaOf } from '../catalogue/schemas.ts'
import { findSchemaFaults } from './schema-faults.ts'
import { isStrict } from '../accounts/sunset.ts'

const KEPT_MAX = 1000

export function checkStrictly(call: Call): void {
  const schema = schemaOf(call.name)
  if (!schema) return
  const { state, account, recorded } = call
  const faults = findSchemaFaults(schema, call.body)
  const refuses = isStrict(state.settings, account)
  keep(call, {
    n: recorded.n,
    account: account.email,
    row: call.name,
    isRefused: refuses && faults.length > 0,
    faults,
  })
  const [first] = faults
  if (refuses && first) throw invalid('v3', first.message, first.param || undefined)
}

/** A call is checked twice where its key is checked after its body. It is kept once. */
function keep({ state }: Call, body: BadBody): void {
  const { bodies } = state
  if (bodies.lastN === body.n) return
  bodies.lastN = body.n
  bodies.checked += 1
  if (body.faults.length === 0) return
  if (body.isRefused) bodies.refused += 1
  bodies.bad = [...bodies.bad, body].slice(-KEPT_MAX)
}
