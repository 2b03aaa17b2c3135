/** The simulated Kling with its two credentials, for the tests of the simulator itself. */
import { createHmac } from 'node:crypto'
import { type Json, openSimulator } from '../open-simulator.ts'

export const API = '/api-singapore.klingai.com'

export type KlingCall = {
  /** Of the account `<name>@sim.example`; its API key unless `token` says otherwise. */
  name?: string
  token?: string
  body?: unknown
  host?: string
}

export async function openKling(options: Parameters<typeof openSimulator>[0] = {}) {
  const simulator = await openSimulator(options)
  const send = (method: string, path: string, sent: KlingCall = {}) => {
    const { name = 'ann', token = `kling_sim_${name}`, body, host = API } = sent
    return simulator.send(method, host + path, {
      key: '',
      ...(body === undefined ? {} : { body }),
      headers: token ? { authorization: `Bearer ${token}` } : {},
    })
  }
  const call = async (method: string, path: string, sent?: KlingCall) => {
    const answer = await send(method, path, sent)
    const text = await answer.text()
    return { status: answer.status, text, body: JSON.parse(text) as Json }
  }
  const make = (name: string, more: object = {}) =>
    simulator.sim('POST', 'accounts', {
      email: `${name}@sim.example`,
      provider: 'kling',
      ...more,
    })
  const account = async (name: string): Promise<Json> =>
    simulator.sim('GET', `accounts/${name}@sim.example?provider=kling`)
  return { ...simulator, send, call, make, account, raw: simulator.send }
}

export type Claims = { iss?: unknown; exp?: unknown; nbf?: unknown }

export function signToken(claims: Claims, secret: string, alg = 'HS256'): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg, typ: 'JWT' })}.${part(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

/** As the documentation's samples sign: half an hour, valid since five seconds ago. */
export function tokenOf(name: string, change: Claims = {}, secret = `sk_secret_${name}`): string {
  const now = Math.floor(Date.now() / 1000)
  return signToken({ iss: `ak_sim_${name}`, exp: now + 1800, nbf: now - 5, ...change }, secret)
}

export const TEXT_TO_VIDEO = { model_name: 'kling-v3', prompt: 'A calm sunrise', duration: '5' }
export const TURBO = '/text-to-video/kling-3.0-turbo'
