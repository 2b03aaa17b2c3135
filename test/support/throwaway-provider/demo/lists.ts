/** The one list: its jobs, with the time of each. */
import type { ProviderLists } from '#providers/contract/provider.ts'

export const lists: ProviderLists = {
  shapeOf: ({ pool }) =>
    pool === 'merge' ? { rows: ['/jobs'], totals: [], times: ['/created_at'] } : undefined,
}
