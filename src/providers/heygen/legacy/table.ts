/** Every older call that v3 can carry, and those that nothing in v3 replaces. Each file has the calls of one subject. */
import { ACCOUNT } from './account.ts'
import { ASSETS } from './assets.ts'
import { AVATAR_LISTS } from './avatar-lists.ts'
import { AVATARS } from './avatars.ts'
import { GONE } from './gone.ts'
import { PHOTO_AVATARS } from './photo-avatars.ts'
import { TEMPLATES } from './templates.ts'
import { TRANSLATIONS } from './translations.ts'
import { VIDEO_CREATIONS } from './video-creations.ts'
import { VIDEOS } from './videos.ts'
import { VOICES } from './voices.ts'
import type { Row } from './words.ts'

const SUBJECTS: readonly Readonly<Record<string, Row>>[] = [
  ACCOUNT,
  ASSETS,
  AVATAR_LISTS,
  AVATARS,
  GONE,
  PHOTO_AVATARS,
  TEMPLATES,
  TRANSLATIONS,
  VIDEO_CREATIONS,
  VIDEOS,
  VOICES,
]

export const LEGACY_ROWS: Readonly<Record<string, Row>> = Object.assign({}, ...SUBJECTS)
