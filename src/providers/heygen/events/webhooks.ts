/**
 * Registers and removes the gateway's own webhook at a HeyGen account: by v3, or by v1 if v3 does not exist (reference/heygen.md
 * 7.1).
 */
import { textAt, valuesAt } from '#domain/text/json-pointer.ts'
import type { OpenAccount } from '#domain/ports/ports.ts'
import type {
  ProviderWebhooks,
  RegisteredWebhook,
  Upstream,
  WebhookFailure,
} from '#providers/contract/provider.ts'
import { ask } from '#providers/heygen/accounts/ask.ts'

const PAGES_MAX = 10

const V3 = '/v3/webhooks/endpoints'
const V1 = '/v1/webhook/endpoint'

export const webhooks: ProviderWebhooks = {
  async list(upstream, open) {
    const found: RegisteredWebhook[] = []
    let token: string | undefined
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const next = token === undefined ? '' : `&token=${encodeURIComponent(token)}`
      const answer = await ask(upstream, open, 'GET', `${V3}?limit=100${next}`)
      if (page === 0 && isNotThere(answer.status)) return listOnV1(upstream, open)
      if (answer.status !== 200) return failure('listed', answer.status)
      found.push(...rowsOf(answer.body))
      token = textAt(answer.body, '/next_token')
      if (token === undefined) return { ok: true, webhooks: found }
    }
    return { ok: true, webhooks: found }
  },

  async add(upstream, open, url) {
    const first = await ask(upstream, open, 'POST', V3, { url })
    const answer = isNotThere(first.status)
      ? await ask(upstream, open, 'POST', `${V1}.add`, { url })
      : first
    const id = textAt(answer.body, '/data/endpoint_id')
    if (answer.status !== 200 && answer.status !== 201) return failure('added', answer.status)
    if (id === undefined) return failure('added', answer.status)
    const secret = textAt(answer.body, '/data/secret') ?? (await newSecret(upstream, open, id))
    if (secret !== undefined) return { ok: true, id, secret }
    await webhooks.remove(upstream, open, id)
    return { ok: false, message: 'HeyGen gave no signing secret for it' }
  },

  async remove(upstream, open, id) {
    const path = `${V3}/${encodeURIComponent(id)}`
    const answer = await ask(upstream, open, 'DELETE', path)
    if (answer.status >= 200 && answer.status < 300) return true
    if (!isNotThere(answer.status)) return false
    const query = `?endpoint_id=${encodeURIComponent(id)}`
    const older = await ask(upstream, open, 'DELETE', `${V1}.delete${query}`)
    return isNotThere(older.status) || (older.status >= 200 && older.status < 300)
  },
}

async function listOnV1(
  upstream: Upstream,
  open: OpenAccount
): Promise<{ ok: true; webhooks: RegisteredWebhook[] } | WebhookFailure> {
  const answer = await ask(upstream, open, 'GET', `${V1}.list`)
  if (answer.status !== 200) return failure('listed', answer.status)
  return { ok: true, webhooks: rowsOf(answer.body) }
}

async function newSecret(
  upstream: Upstream,
  open: OpenAccount,
  id: string
): Promise<string | undefined> {
  const path = `${V3}/${encodeURIComponent(id)}/rotate-secret`
  const answer = await ask(upstream, open, 'POST', path, {})
  return textAt(answer.body, '/data/secret')
}

function rowsOf(body: unknown): RegisteredWebhook[] {
  return valuesAt(body, '/data/*').flatMap((row) => {
    const id = textAt(row, '/endpoint_id')
    const url = textAt(row, '/url')
    const isOn = textAt(row, '/status') !== 'disabled'
    return id === undefined || url === undefined ? [] : [{ id, url, isOn }]
  })
}

function isNotThere(status: number): boolean {
  return status === 404 || status === 405 || status === 410
}

/** The message leaves out HeyGen's own text, because that may repeat the address, which is a secret. */
function failure(what: string, status: number): WebhookFailure {
  const why = status === 0 ? 'could not be reached' : `answered ${status}`
  return { ok: false, message: `the webhook could not be ${what}: HeyGen ${why}` }
}
