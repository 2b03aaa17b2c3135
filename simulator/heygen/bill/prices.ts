/**
 * Prices in US dollars, of HeyGen's self-service list in November 2026. One list for all families, the older ones too, so
 * that a difference between two calls means another tier, another look or more calls. A price that is not documented is
 * null. Seconds are those of the simulated video, not of a real one.
 */
import type { Paid } from '../../state/types.ts'

const PER_SECOND: Record<string, { photo: number; other: number }> = {
  avatar_iii: { photo: 0.0433, other: 0.0167 },
  avatar_iv: { photo: 0.05, other: 0.0667 },
  // For photo avatars no price is listed [guess].
  avatar_v: { photo: 0.0667, other: 0.0667 },
}

/** 4k is 25 to 33 % dearer by an older revision of the list, and not listed any more [guess]. */
const FACTOR_4K = 1.3

/** Of kinds that are paid by the second. Lipsyncs and proofreads as translations are a [guess]. */
const SECONDS: Record<string, number> = {
  translation: 0.0333,
  'translation-precision': 0.0667,
  lipsync: 0.0333,
  agent: 0.0333,
  'model-video': 0.02,
}

/** Of kinds that are paid by the call. An API credit of the older plans counts as a dollar. */
const EACH: Record<string, number> = {
  avatar: 1,
  look: 1,
  training: 4,
  motion: 1,
  upscale: 0.5,
  cinematic: 7,
  filler: 0.3,
}

const PER_CHARACTER = 0.000015

export function priceOfPaid(paid: Omit<Paid, 'usd'>): number | null {
  const { kind, engine, look, seconds, characters } = paid
  if (kind === 'video' && !paid.isCinematic) {
    const prices = PER_SECOND[engine ?? 'avatar_iii'] ?? { photo: 0.0667, other: 0.0667 }
    const perSecond = look === 'photo' ? prices.photo : prices.other
    // Older plans had one price for all resolutions.
    const factor = paid.is4k && paid.row.includes(' /v3/') ? FACTOR_4K : 1
    return roundUsd(perSecond * seconds * factor)
  }
  if (kind === 'speech') return roundUsd(PER_CHARACTER * characters)
  const name = paid.isCinematic ? 'cinematic' : paid.isPrecise ? `${kind}-precision` : kind
  const perSecond = SECONDS[name]
  if (perSecond !== undefined) return roundUsd(perSecond * seconds)
  return EACH[name] ?? null
}

/** To a millionth, so that sums have no tail of rounding. */
function roundUsd(usd: number): number {
  return Math.round(usd * 1e6) / 1e6
}
