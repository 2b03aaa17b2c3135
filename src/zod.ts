/**
 * Replaces `zod` in the bundle (wrangler.toml, `[alias]`; decision 0039). `@hono/zod-openapi` imports all of zod as one object,
 * `z`, which brings some fifty languages into the bundle. It uses only this member of `z`.
 */
import { ZodType } from 'zod/v4'

export * from 'zod/v4'
export const z = { ZodType }
