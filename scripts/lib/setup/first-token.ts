/** Makes the first tenant and its token, through the front door, if the gateway has no token yet. */
import { send } from '../local-stack.ts'

const NAME = 'first'
const ATTEMPTS = 3

interface FirstToken {
  id: string
  tenant: string
  token: string
}

interface Listed {
  id: string
  name: string
}

/** Undefined: there is a token already. */
export async function makeFirstToken(
  origin: string,
  adminToken: string
): Promise<FirstToken | undefined> {
  if ((await listTokens(origin, adminToken)).length > 0) return undefined
  for (let attempt = 1; ; attempt += 1) {
    const made = await make(origin, adminToken).catch((error: unknown) => {
      if (attempt === ATTEMPTS) throw error
    })
    if (made) return made
    // The answer was lost, and with it the token. If it was made, nobody has it.
    for (const { id, name } of await listTokens(origin, adminToken))
      if (name === NAME) await send('DELETE', `${origin}/admin/tokens/${id}`, adminToken)
  }
}

async function make(origin: string, adminToken: string): Promise<FirstToken> {
  const answer = await send('POST', `${origin}/admin/tokens`, adminToken, { name: NAME })
  if (answer.status !== 201) throw new Error(`The first token was refused: ${await said(answer)}`)
  return (await answer.json()) as FirstToken
}

async function listTokens(origin: string, adminToken: string): Promise<Listed[]> {
  const answer = await send('GET', `${origin}/admin/tokens`, adminToken)
  if (answer.status === 401)
    throw new Error(`${origin} refuses this ADMIN_TOKEN. Is it the one of this Worker?`)
  if (!answer.ok) throw new Error(`The tokens could not be read: ${await said(answer)}`)
  return ((await answer.json()) as { tokens: Listed[] }).tokens
}

async function said(answer: Response): Promise<string> {
  return `${answer.status} ${(await answer.text()).slice(0, 300)}`
}
