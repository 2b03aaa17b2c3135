/** Compares the token of a request with a secret of the deployment. */
import type { Context } from 'hono'
import { hexHash } from '#domain/text/hash.ts'
import type { AppEnv } from '#http/request/app-env.ts'

/** The hash of the secret if the request has it as its token. Undefined: it has another one, or there is no such secret. */
export async function hashIfGiven(
  c: Context<AppEnv>,
  secret: string | undefined
): Promise<string | undefined> {
  const given = /^Bearer +(\S+)\s*$/i.exec(c.req.header('authorization') ?? '')?.[1]
  if (secret === undefined || given === undefined) return undefined
  // Hashes are compared, so the time of the comparison says nothing about the secret.
  const hash = await hexHash(secret)
  return (await hexHash(given)) === hash ? hash : undefined
}
