/** What the simulator keeps of an account at Kling beyond what any account has. */

/** Concurrency is counted for each kind of resource pack. */
export type PackType = 'video' | 'image' | 'try_on'
export const PACK_TYPES: PackType[] = ['video', 'image', 'try_on']

export type AccessKey = { accessKey: string; secretKey: string }

export type KlingFacts = {
  apiKeys: string[]
  accessKeys: AccessKey[]
  /** Credentials work only at the hosts of their region. */
  region: 'singapore' | 'beijing'
  /** Newest first. Callbacks are signed with each of them, or not at all if there is none. */
  webhookSecrets: string[]
  /** Overrides `concurrency` for one kind of pack. */
  concurrencyByType: Partial<Record<PackType, number | null>>
  /** What is left in the packs; null: no limit. */
  units: Record<PackType, number | null>
  /** What /account/costs shows of the units. It may be up to `unitsLagMs` old. */
  told: { at: number; units: Record<PackType, number | null> } | null
  unitsLagMs: number
  payment: 'unit' | 'cash'
  /** Calls in any one second; more are refused with 1302. */
  ratePerSecond: number | null
  costsPerSecond: number | null
  /** 1100, 1304, 5001 and the like refuse every call, 1101 to 1103 creations. */
  refuseWith: number | null
  /** Model names that answer 1103. */
  modelsRefused: string[]
  // Counted. An image task takes n slots, as at the provider.
  maxByType: Record<PackType, number>
  maxTasks: number
  /** Creations refused with 1303, and with "already exists". */
  refusedFull: number
  refusedTwice: number
}
