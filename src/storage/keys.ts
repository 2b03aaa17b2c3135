/** Every KV key, in one place. What stands under it and for how long: docs/storage.md. */
export const keys = {
  token: (hash: string) => `token:${hash}`,
  routes: 'routes',
  accounts: (tenant: string, provider: string) => `accounts:${provider}:${tenant}`,
  upload: (hash: string) => `upload:${hash}`,
}

/** KV's shortest cache time; isolates keep what they read as long again, so together at most a minute. */
export const KV_CACHE_SECONDS = 30
export const ISOLATE_CACHE_MS = 30_000
