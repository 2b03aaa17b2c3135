import { AVATAR_SAMPLES } from './avatars.ts'
import { OTHER_SAMPLES } from './others.ts'
import { TRANSLATION_SAMPLES } from './translations.ts'
import { VIDEO_SAMPLES } from './videos.ts'

export const SAMPLES = [
  ...VIDEO_SAMPLES,
  ...AVATAR_SAMPLES,
  ...TRANSLATION_SAMPLES,
  ...OTHER_SAMPLES,
]
