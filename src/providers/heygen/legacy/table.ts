/** Every older call that v3 can carry, and those that nothing in v3 replaces. Each file has the calls of one subject. */
import { ACCOUNT } from './account/account.ts'
import { ASSETS } from './account/assets.ts'
import { AVATAR_LISTS } from './avatars/avatar-lists.ts'
import { AVATARS } from './avatars/avatars.ts'
import { GONE } from './account/gone.ts'
import { PHOTO_AVATARS } from './avatars/photo-avatars.ts'
import { TEMPLATES } from './translations/templates.ts'
import { TRANSLATIONS } from './translations/translations.ts'
import { VIDEO_CREATIONS } from './videos/video-creations.ts'
import { VIDEOS } from './videos/videos.ts'
import { VOICES } from './translations/voices.ts'
import type { Row } from './shared/words.ts'

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
