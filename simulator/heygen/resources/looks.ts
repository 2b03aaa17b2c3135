/** What a look is, and which engines it may be used with. */
import type { Resource } from '../../state/types.ts'
import { asTexts } from '../../text/json.ts'

export type LookType = 'photo_avatar' | 'digital_twin' | 'studio_avatar'

/** Of its own `avatar_type`, else of how it was made: public looks without one are studio avatars. */
export function lookTypeOf(look: Resource): LookType {
  const given = look.doc.avatar_type
  if (given === 'photo_avatar' || given === 'digital_twin' || given === 'studio_avatar')
    return given
  if (look.form === 'photo') return 'photo_avatar'
  return look.account === '' ? 'studio_avatar' : 'digital_twin'
}

const ENGINES = ['avatar_v', 'avatar_iv', 'avatar_iii']

/** `supported_api_engines` of its doc, else all. The list is not closed: HeyGen adds engines. */
export function enginesOf(look: Resource): string[] {
  const given = look.doc.supported_api_engines
  return Array.isArray(given) ? asTexts(given) : ENGINES
}
