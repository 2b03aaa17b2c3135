/**
 * Cloudflare's published prices beyond what the plan includes (Workers Paid, USD), and what `npm run cost` has to assume, because
 * a local run cannot measure it.
 */
export const PRICES = {
  date: '2026-11-21',
  sources: [
    'https://developers.cloudflare.com/workers/platform/pricing/',
    'https://developers.cloudflare.com/durable-objects/platform/pricing/',
    'https://developers.cloudflare.com/kv/platform/pricing/',
  ],
  /** Dollars per million. */
  perMillion: {
    workerRequests: 0.3,
    cpuMs: 0.02,
    objectRequests: 0.15,
    objectGbSeconds: 12.5,
    rowsRead: 0.001,
    rowsWritten: 1,
    kvReads: 0.5,
    kvWrites: 5,
  },
  /** An object is billed for 128 MB, whatever it uses. */
  objectGb: 0.128,
  /** Logs are an option ([observability] in wrangler.toml), so they are no part of a total. The price from 2026-12-01. */
  logsPerGb: 0.25,
} as const

export const ASSUMED = {
  /** How long a storage write takes until it is confirmed. Published: 10 to 13 ms of a transaction of about 16 ms. */
  objectRequestMs: 15,
  /** How long a provider or a receiver takes to answer an object. */
  objectCallMs: 300,
} as const
