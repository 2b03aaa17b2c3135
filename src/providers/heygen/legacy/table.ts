/** Every older call that v3 can carry, and those that nothing in v3 replaces. Each file has the calls of one subject. */
import type { LegacyCall } from '#providers/contract/provider.ts'
import { AVATAR_LISTS } from './avatar-lists.ts'
import { ACCOUNT } from './account.ts'
import { ASSETS } from './assets.ts'
import { GONE } from './gone.ts'
import { VIDEOS } from './videos.ts'
import type { Row } from './words.ts'

export const LEGACY_ROWS: Readonly<Record<string, Row>> = Object.fromEntries(
  [AVATAR_LISTS, VIDEOS].flatMap((rows) => Object.entries(rows))
  [VIDEOS, ASSETS, ACCOUNT, GONE].flatMap((rows) => Object.entries(rows))
)
