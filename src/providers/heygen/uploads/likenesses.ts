/** Which rows show or make avatars and voices of an account's own: where they are, uploads are wanted too. */
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

/** v1 to v3: avatars, groups, photos, voices; not what speaks with them. */
const PATHS =
  /^\/v\d\/(avatars?|avatar_group\.list|avatar_group|photo_avatar|video_avatar|talking_photo(\.list)?|avatar\.list|streaming\/avatar\.list|voice\.list|audio\/voices|voices|voices\/clone|models\/audio\/voices)(\/|$)/

export function isLikenessRow({ path, creates, lists }: Route): boolean {
  return (creates.length > 0 || lists.length > 0) && PATHS.test(path)
}

export function isLikenessId({ resource }: IdRef): boolean {
  return RESOURCES.has(resource)
}
