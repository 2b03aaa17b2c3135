/** The accounts in view as a file. The page knows no secret, so that none can be in it. */
import type { PoolAccount } from '../api-types.ts'
import { saveFile } from '../parts/save-file.ts'
import { pool } from '../shell/live.ts'
import { toCsv } from './csv.ts'

export function Export() {
  const { accounts = [], isWhole = true } = pool.value ?? {}
  const rows = accounts.map(toRow)
  const [first] = rows
  const csv = () => toCsv([Object.keys(first ?? {}), ...rows.map((row) => Object.values(row))])
  return (
    <section aria-labelledby="bulk-export">
      <h2 id="bulk-export">Export</h2>
      <p class="muted">
        The {accounts.length} accounts in view with their limits and states, without keys or
        passwords.
      </p>
      {!isWhole && (
        <p class="hint">
          There are more accounts than this page shows. Choose a tenant to get all of its own.
        </p>
      )}
      <p class="buttons">
        <button
          type="button"
          class="outline small"
          disabled={!first}
          onClick={() => saveFile('accounts.csv', 'text/csv', csv())}
        >
          Save as CSV
        </button>
        <button
          type="button"
          class="outline small"
          disabled={!first}
          onClick={() =>
            saveFile('accounts.json', 'application/json', JSON.stringify(rows, null, 2))
          }
        >
          Save as JSON
        </button>
      </p>
    </section>
  )
}

function toRow({ tenant, provider, email, maxJobs, state, parked, credentials }: PoolAccount) {
  const [first] = parked
  return {
    tenant,
    provider,
    email,
    maxJobs: String(maxJobs),
    state,
    parkedFor: first?.reason ?? '',
    parkedUntil: first?.until ?? '',
    credentials: credentials.join(' '),
  }
}
