/** Every older call that v3 can carry, and those that nothing in v3 replaces. Each file has the calls of one subject. */
import type { LegacyCall } from '#providers/contract/provider.ts'
import { TEMPLATES } from './templates.ts'
import { TRANSLATIONS } from './translations.ts'
import { VIDEOS } from './videos.ts'

/** `isUpload`: the body is a file. */
export type Row = { carry(call: LegacyCall): Promise<unknown>; isUpload?: true } | { gone: string }

export const LEGACY_ROWS: Readonly<Record<string, Row>> = Object.fromEntries(
  [TEMPLATES, TRANSLATIONS, VIDEOS].flatMap((rows) => Object.entries(rows))
)
