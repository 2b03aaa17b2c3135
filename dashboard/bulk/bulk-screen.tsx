/** Many accounts at once: in from a CSV text, out as a list without secrets. */
import { isOneTenant, mayChange } from '../shell/session.ts'
import { Export } from './export.tsx'
import { Import } from './import.tsx'

export function BulkScreen() {
  return (
    <>
      <h1>Accounts in bulk</h1>
      {mayChange.value && (
        <section aria-labelledby="bulk-import">
          <h2 id="bulk-import">Import</h2>
          {isOneTenant.value ? (
            <Import />
          ) : (
            <p class="hint">
              Accounts belong to a tenant. Choose one at the top of the page first.
            </p>
          )}
        </section>
      )}
      <Export />
    </>
  )
}
