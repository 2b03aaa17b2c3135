/**
 * Locales for multilingual voices. v3 has no list of them, and HeyGen's older list is kept nowhere, so this one is [guess]: the
 * usual locales of speech, written as the older list wrote them ("English (United States)", en-US), and the languages that
 * HeyGen's voices have beside these.
 */
export interface LocaleRow {
  value: string
  label: string
  language: string
  tag: null
  /** Null: only the language is known. */
  locale: string | null
  language_code: string | null
}

const USUAL = `
  af-ZA am-ET ar-AE ar-BH ar-DZ ar-EG ar-IQ ar-JO ar-KW ar-LB ar-LY ar-MA ar-OM ar-QA ar-SA ar-SY ar-TN ar-YE az-AZ bg-BG bn-BD
  bn-IN bs-BA ca-ES cs-CZ cy-GB da-DK de-AT de-CH de-DE el-GR en-AU en-CA en-GB en-HK en-IE en-IN en-KE en-NG en-NZ en-PH en-SG
  en-TZ en-US en-ZA es-AR es-BO es-CL es-CO es-CR es-CU es-DO es-EC es-ES es-GQ es-GT es-HN es-MX es-NI es-PA es-PE es-PR es-PY
  es-SV es-US es-UY es-VE et-EE eu-ES fa-IR fi-FI fil-PH fr-BE fr-CA fr-CH fr-FR ga-IE gl-ES gu-IN he-IL hi-IN hr-HR hu-HU hy-AM
  id-ID is-IS it-IT ja-JP jv-ID ka-GE kk-KZ km-KH kn-IN ko-KR lo-LA lt-LT lv-LV mk-MK ml-IN mn-MN mr-IN ms-MY mt-MT my-MM nb-NO
  ne-NP nl-BE nl-NL pl-PL ps-AF pt-BR pt-PT ro-RO ru-RU si-LK sk-SK sl-SI so-SO sq-AL sr-RS su-ID sv-SE sw-KE sw-TZ ta-IN ta-LK
  ta-MY ta-SG te-IN th-TH tr-TR uk-UA ur-IN ur-PK uz-UZ vi-VN yue-HK zh-CN zh-HK zh-TW zu-ZA`

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz']

/** `languages`: those of the voices, as HeyGen names them. One that is the name of no language is a row without a locale. */
export function localesOf(languages: readonly string[]): LocaleRow[] {
  const name = new Intl.DisplayNames('en', { type: 'language', languageDisplay: 'standard' })
  const nameOf = (code: string) => name.of(code) ?? code
  const usual = USUAL.trim()
    .split(/\s+/)
    .map((locale) => rowOf(nameOf(locale), nameOf(locale.split('-')[0] ?? locale), locale))
  const known = new Set(usual.map(({ language }) => language))
  const others = [...new Set(languages)].filter((language) => !known.has(language))
  if (others.length === 0) return usual
  const codes = LETTERS.flatMap((first) => LETTERS.map((second) => first + second))
  const byName = new Map(codes.map((code) => [nameOf(code), code]))
  const added = others.map((language) => {
    const code = byName.get(language)
    const region = code && new Intl.Locale(code).maximize().region
    const locale = region ? `${code}-${region}` : null
    return rowOf(locale === null ? language : nameOf(locale), language, locale)
  })
  return [...usual, ...added].toSorted((a, b) => (a.value < b.value ? -1 : 1))
}

function rowOf(value: string, language: string, locale: string | null): LocaleRow {
  return { value, label: value, language, tag: null, locale, language_code: locale }
}
