/** The secret that signs calls to callback URLs and reply URLs. The gateway never shows it again. */
import { useState } from 'preact/hooks'
import { Dialog } from '../parts/dialog.tsx'
import { Form } from '../parts/form.tsx'
import { showOnce } from '../parts/saved-once.tsx'
import { ask } from '../shell/api.ts'
import { mayChange } from '../shell/session.ts'

export function CallbackSecret() {
  const [isAsked, setAsked] = useState(false)
  const close = () => setAsked(false)
  const make = async () => {
    const { secret } = await ask<{ secret: string }>('POST', '/v1/callback-secret')
    close()
    showOnce({
      title: 'The new callback secret',
      secrets: [['Callback secret', secret]],
      advice:
        'Put it into your receiver now. If there was one before, the old one signs for 24 hours more, beside the new one.',
    })
  }
  return (
    <section aria-labelledby="callback-secret">
      <h2 id="callback-secret">Callback secret</h2>
      <p class="muted">
        Signs the calls for <code>callback_url</code>, <code>X-Gateway-Reply-Url</code> and the
        default reply URL. Until it was made once, these calls are unsigned. Webhook endpoints have
        secrets of their own.
      </p>
      {mayChange.value && (
        <button type="button" class="outline small" onClick={() => setAsked(true)}>
          Make a new callback secret
        </button>
      )}
      {isAsked && (
        <Dialog title="Make a new callback secret?" onClose={close}>
          <p>
            It is shown once. If there is one already, it signs for <strong>24 hours more</strong>{' '}
            beside the new one, in the header <code>webhook-signature</code>. The headers{' '}
            <code>Signature</code> and <code>Heygen-Signature</code> have room for one: they are
            made with the new one from now on.
          </p>
          <Form action="Make it" onSubmit={make} onCancel={close} />
        </Dialog>
      )}
    </section>
  )
}
