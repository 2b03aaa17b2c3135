/**
 * Every row of both catalogues, called with an own token: what it names is another customer's, the agency's, or nobody's. The three
 * answers are the same, nothing is sent to a provider, and no answer has anything of somebody else's.
 */
import { expect, test } from 'vitest'
import { PROVIDERS } from '#providers/index.ts'
import { ALL_ROWS } from '../../support/catalogue/foreign-rows.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { hidesEveryRow } from './hides-rows.ts'

const open = gatewaysOfFile()
const agency = await open({
  accounts: { alice: 10, bob: 10 },
  simAccount: { examples: true },
  simVars: { SYNC_MS: '1' },
})

hidesEveryRow(agency, ALL_ROWS)

test('every row of both tables has a case', () => {
  const rows = PROVIDERS.flatMap(({ routes }) =>
    routes.table.filter(({ pool }) => pool !== 'gateway')
  )
  expect(ALL_ROWS.length).toBeGreaterThanOrEqual(rows.length)
})
