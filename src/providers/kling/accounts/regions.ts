/** Finds the host of an account's region. Each region is a host of Kling. */
import type { Credential } from '#domain/accounts/account.ts'
import type { Settings } from '#domain/runtime/settings.ts'

export const REGIONS = ['singapore', 'beijing'] as const

const HOST_LABEL = /api-(?:singapore|beijing)(?=\.klingai\.com)/

/**
 * The configured origin with the region in its host. Without a region, or if the host has no place for one, the origin stays as
 * it is.
 */
export function originOf({ klingOrigin }: Settings, { region }: Credential): string {
  return region === undefined ? klingOrigin : klingOrigin.replace(HOST_LABEL, `api-${region}`)
}
