/** Every older row of HeyGen, carried by newer calls, called with an own token. */
import { ALL_ROWS } from '../../support/catalogue/foreign-rows.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { hidesEveryRow } from './hides-rows.ts'

const open = gatewaysOfFile()
const agency = await open({
  accounts: { alice: 10, bob: 10 },
  simAccount: { examples: true },
  simVars: { SYNC_MS: '1' },
  vars: { LEGACY: 'bridge' },
})

hidesEveryRow(
  agency,
  ALL_ROWS.filter(({ provider, row }) => provider === 'heygen' && !row.path.startsWith('/v3'))
)
