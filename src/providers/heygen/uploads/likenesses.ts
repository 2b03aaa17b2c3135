/** Says which rows and ids are about an account's own avatars and voices. */
import type { IdRef, Route } from '#providers/contract/provider.ts'

const RESOURCES = new Set([
  'avatar',
  'avatar-look',
  'avatar-group',
  'group',
  'photo-avatar',
  'voice',
  'model-voice',
])

/** Paths of v1 to v3 about avatars, groups, photos and voices, but not about the videos that are made with them. */
const PATHS =
  /^\/v\d\/(avatars?|avatar_group\.list|avatar_group|photo_avatar|video_avatar|talking_photo(\.list)?|avatar\.list|streaming\/avatar\.list|voice\.list|audio\/voices|voices|voices\/clone|models\/audio\/voices)(\/|$)/

export function isLikenessRow({ path, creates, lists }: Route): boolean {
  return (creates.length > 0 || lists.length > 0) && PATHS.test(path)
}

export function isLikenessId({ resource }: IdRef): boolean {
  return RESOURCES.has(resource)
}
