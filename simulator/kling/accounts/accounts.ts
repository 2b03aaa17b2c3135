/** Accounts at Kling. They are in the same collection as HeyGen's, with other keys. */
import { isSimEmail, newAccount, removeOwned } from '../../state/accounts.ts'
import { stableHex } from '../../state/ids.ts'
import type { AccessKey, KlingFacts } from '../../state/kling-account.ts'
import type { State } from '../../state/state.ts'
import type { Account, KlingAccount } from '../../state/types.ts'

const PREFIX = 'kling:'
const TWELVE_HOURS_MS = 12 * 3_600_000
/** `kling_sim_<name>` and `ak_sim_<name>` make the account `<name>@sim.example` on first use; `…bad…` never works. */
const SIM_KEY = /^(?:kling|ak)_sim_([A-Za-z0-9._-]+)$/

export function klingKey(email: string): string {
  return PREFIX + email.toLowerCase()
}

export function getKling(state: State, email: string): KlingAccount | undefined {
  return asKling(state.accounts.get(klingKey(email)))
}

export function asKling(account: Account | undefined): KlingAccount | undefined {
  return account?.kling ? (account as KlingAccount) : undefined
}

/** What the control API takes: all fields on one level. One key pair may be given without a list. */
export type KlingFields = Partial<Account> &
  Partial<KlingFacts> &
  Partial<AccessKey> & { email: string; provider?: string }

export function putKling(state: State, fields: KlingFields): KlingAccount {
  const email = fields.email.toLowerCase()
  const known = getKling(state, email) ?? newKling(state, email)
  const { accessKey, secretKey } = fields
  const pair = accessKey && secretKey ? { accessKeys: [{ accessKey, secretKey }] } : {}
  const given = { ...fields, ...pair }
  const account: KlingAccount = {
    ...known,
    ...pick(given, Object.keys(known)),
    key: klingKey(email),
    email,
    apiKeys: [],
    kling: { ...known.kling, ...pick(given, Object.keys(known.kling)) },
  }
  // Units that the control API sets are shown at once.
  if (fields.units) {
    account.kling.units = { ...known.kling.units, ...fields.units }
    account.kling.told = null
  }
  state.accounts.put(account)
  return account
}

function pick(fields: object, names: string[]): object {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)))
}

export function removeKling(state: State, email: string): boolean {
  const account = getKling(state, email)
  if (!account) return false
  removeOwned(state, account)
  for (const key of [...state.externalIds.keys()])
    if (key.startsWith(`${account.key} `)) state.externalIds.delete(key)
  return state.accounts.delete(account.key)
}

function find(state: State, holds: (facts: KlingFacts) => boolean): KlingAccount | undefined {
  return asKling(state.accounts.values().find(({ kling }) => kling !== undefined && holds(kling)))
}

export function findByApiKey(state: State, apiKey: string): KlingAccount | undefined {
  const known = find(state, ({ apiKeys }) => apiKeys.includes(apiKey))
  return known ?? (apiKey.startsWith('kling_sim_') ? makeFromKey(state, apiKey) : undefined)
}

export function findByAccessKey(state: State, accessKey: string): KlingAccount | undefined {
  const known = find(state, ({ accessKeys }) =>
    accessKeys.some((each) => each.accessKey === accessKey)
  )
  return known ?? (accessKey.startsWith('ak_sim_') ? makeFromKey(state, accessKey) : undefined)
}

/** An account that the control API made has only the keys that it was given. */
function makeFromKey(state: State, key: string): KlingAccount | undefined {
  const name = SIM_KEY.exec(key)?.[1]?.toLowerCase()
  if (!name || name.startsWith('bad') || getKling(state, `${name}@sim.example`)) return undefined
  return putKling(state, { email: `${name}@sim.example` })
}

export function findByEmail(state: State, email: string): KlingAccount | undefined {
  const known = getKling(state, email)
  return known ?? (isSimEmail(email) ? putKling(state, { email }) : undefined)
}

/** The number that `owned_by` shows. */
export function userNumber(account: Account): string {
  return String(Number.parseInt(stableHex(account.email).slice(0, 7), 16))
}

function newKling(state: State, email: string): KlingAccount {
  const name = email.split('@')[0] ?? email
  const isSim = email.endsWith('@sim.example')
  const pair = { accessKey: `ak_sim_${name}`, secretKey: `sk_secret_${name}` }
  return {
    ...newAccount(state, email),
    key: klingKey(email),
    apiKeys: [],
    kling: {
      apiKeys: isSim ? [`kling_sim_${name}`] : [],
      accessKeys: isSim ? [pair] : [],
      region: 'singapore',
      webhookSecrets: [],
      concurrencyByType: {},
      units: { video: null, image: null, try_on: null },
      told: null,
      unitsLagMs: TWELVE_HOURS_MS,
      payment: 'unit',
      ratePerSecond: null,
      costsPerSecond: null,
      refuseWith: null,
      modelsRefused: [],
      maxByType: { video: 0, image: 0, try_on: 0 },
      maxTasks: 0,
      refusedFull: 0,
      refusedTwice: 0,
    },
  }
}
