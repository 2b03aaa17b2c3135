/**
 * Stands for `zod` in the bundle (wrangler.toml, `[alias]`; decision 0039). `@hono/zod-openapi` imports `z`, zod as one
 * object, and that object keeps some fifty languages alive. It uses this one member of it.
 */
import { ZodType } from 'zod/v4'

export * from 'zod/v4'
export const z = { ZodType }
