/** The names of the provider's events. */
const BOTH = [
  'avatar_video',
  'avatar_video_gif',
  'avatar_video_caption',
  'video_translate',
  'instant_avatar',
  'photo_avatar_generation',
  'photo_avatar_train',
  'photo_avatar_add_motion',
  'proofread_creation',
  'live_avatar',
  'video_agent',
  'hyperframes_video',
  'ai_clipping',
  'filler_word_removal',
  'podcast',
]

export const EVENT_TYPES = [
  ...BOTH.flatMap((name) => [`${name}.success`, `${name}.fail`]),
  'video_translate.preflight.validation_failed',
  'video_translate.preflight.download_failed',
  'personalized_video',
  'batch.finished',
]
