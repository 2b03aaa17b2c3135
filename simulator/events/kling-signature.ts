/** The Standard Webhooks signature, once for each secret that is valid at the moment. */

export type Signed = { eventId: string; body: string; secret: string | null }

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
  const raw = Uint8Array.from(atob(secret.replace(/^whsec_/, '')), (each) => each.charCodeAt(0))
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', raw, hmac, false, ['sign'])
  const bytes = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text))
  return `v1,${btoa(String.fromCharCode(...new Uint8Array(bytes)))}`
}
