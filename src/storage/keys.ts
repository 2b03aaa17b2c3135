/** All KV keys. docs/storage.md says what is under each and for how long. */
export const keys = {
  token: (hash: string) => `token:${hash}`,
  routes: 'routes',
  accounts: (tenant: string, provider: string) => `accounts:${provider}:${tenant}`,
  upload: (hash: string) => `upload:${hash}`,
  listCopy: ({ tenant, provider, name }: { tenant: string; provider: string; name: string }) =>
    `list:${provider}:${tenant}:${name}`,
}

/** KV's shortest cache time. Isolates cache for as long again, so a value is at most a minute old. */
export const KV_CACHE_SECONDS = 30
export const ISOLATE_CACHE_MS = 30_000
/** How long an isolate remembers a client's token and an opened credential (decision 0050). */
export const SECRET_CACHE_MS = 10_000
