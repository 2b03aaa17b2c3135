/** The Standard Webhooks signature, one for each secret that is valid at the moment. */
import { fromBase64, signText, toBase64 } from '../text/bytes.ts'

type Signed = { eventId: string; body: string; secret: string | null }

export async function signKling(
  { eventId, body, secret }: Signed,
  now: number
): Promise<Record<string, string>> {
  const type = { 'content-type': 'application/json; charset=utf-8' }
  if (secret === null) return type
  const timestamp = String(Math.floor(now / 1000))
  const text = `${eventId}.${timestamp}.${body}`
  const signatures = await Promise.all(secret.split(' ').map((each) => signOnce(each, text)))
  return {
    ...type,
    'webhook-id': eventId,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}

/** The key is what follows `whsec_`, decoded. */
async function signOnce(secret: string, text: string): Promise<string> {
  return `v1,${toBase64(await signText(fromBase64(secret.replace(/^whsec_/, '')), text))}`
}
