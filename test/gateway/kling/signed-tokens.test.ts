/** Tokens that Kling's clients sign: what is wrong with their times is said, so that clients sign anew. */
import { SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { addKling, sign, T2V } from '../../support/scenes/kling.ts'

const open = gatewaysOfFile()
const gateway = await open({ simVars: { JOB_MS: '600000' } })
await addKling(gateway, 'ann')
const made = await gateway.admin('POST', '/tokens', { name: 'signs' })
const pair = (await made.json()) as { accessKey: string; secretKey: string; tenant: string }
const owner = gateway.as((await gateway.newToken({ tenant: pair.tenant })).token)
await addKling(owner, 'bob')

async function call(token: string) {
  const answer = await gateway.fetch('/kling/v1/videos/text2video?pageSize=1', {
    headers: { authorization: `Bearer ${token}` },
  })
  const { code, message } = (await answer.json()) as { code: number; message: string }
  return { status: answer.status, code, message }
}

const signed = (exp: number, nbf = -5) => sign(pair.accessKey, pair.secretKey, exp, nbf)

test.each([
  ['of now', 1800, -5, 200, 0],
  ['of a client whose clock is 45 s ahead', 1800, 45, 200, 0],
  ['of a client whose clock is 45 s behind', -45, -1850, 200, 0],
  ['not valid yet', 1800, 300, 401, 1003],
  ['that has expired', -300, -2100, 401, 1004],
  ['that lives for a year', 365 * 24 * 3600, -5, 401, 1002],
])('a signed token %s', async (_, exp, nbf, status, code) => {
  const answer = await call(await signed(exp, nbf))
  expect([answer.status, answer.code]).toEqual([status, code])
})

test('a token with the right key and the wrong times is not counted as guessing; a forged one is', async () => {
  const expired = await signed(-300, -2100)
  for (let n = 0; n < 130; n += 1) expect((await call(expired)).code).toBe(1004)
  expect((await call(await sign(pair.accessKey, 'another secret'))).code).toBe(1002)
  expect((await call(await signed(1800))).status).toBe(200)
})

test('an issuer that is no text is nobody', async () => {
  const now = Math.floor(Date.now() / 1000)
  const token = await new SignJWT({ iss: [pair.accessKey] as never, exp: now + 600 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(pair.secretKey))
  expect(await call(token)).toMatchObject({ status: 401, code: 1002 })
})

test('an unmodified client that signs its tokens works with the key pair of a token', async () => {
  const fresh = await open()
  const { accessKey, secretKey } = (await fresh.newToken()) as unknown as Record<string, string>
  expect(accessKey).toMatch(/^hga_[0-9a-f]{72}$/)
  const tenant = await fresh.newToken()
  const withPair = {
    ...tenant,
    ...((await fresh.newToken({ tenant: tenant.tenant })) as object),
  } as Record<string, string>
  fresh.token = tenant.token
  await addKling(fresh, 'ann')
  const call = async (token: string, path = T2V) => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(fresh.url + path, { headers })
    return answer.status
  }
  const [ak = '', sk = ''] = [withPair['accessKey'], withPair['secretKey']]
  expect(await call(await sign(ak, sk))).toBe(200)
  expect(await call(await sign(ak, `${sk}x`))).toBe(401)
  expect(await call(await sign(ak, sk, -60))).toBe(401)
  expect(await call(await sign(ak, sk, 1800, 600))).toBe(401)
  expect(await call(await sign(`${ak.slice(0, -1)}${ak.endsWith('0') ? '1' : '0'}`, sk))).toBe(401)
  expect(await call(await sign(accessKey ?? '', secretKey ?? ''))).toBe(404)
  expect(await call(await sign(ak, sk), '/heygen/v3/videos')).toBe(401)
  expect(await call(await sign(ak, sk), '/v1/kling/accounts')).toBe(401)
  const list = await fresh.admin('GET', '/tokens')
  expect(await list.text()).not.toContain(sk)
})

test('a signed token dies with the token whose pair signed it', async () => {
  const fresh = await open()
  const made = (await fresh.newToken()) as unknown as Record<
    'id' | 'accessKey' | 'secretKey',
    string
  >
  const headers = { authorization: `Bearer ${await sign(made.accessKey, made.secretKey)}` }
  expect((await fetch(fresh.url + T2V, { headers })).status).toBe(404)
  await fresh.admin('PATCH', `/tokens/${made.id}`, { subscription: 'lapsed' })
  expect((await fetch(fresh.url + T2V, { headers })).status).toBe(402)
  await fresh.admin('DELETE', `/tokens/${made.id}`)
  expect((await fetch(fresh.url + T2V, { headers })).status).toBe(401)
})
