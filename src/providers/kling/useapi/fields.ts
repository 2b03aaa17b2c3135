/** Translates the fields that several of useapi.net's calls share to Kling's fields (reference/kling.md 11.2). */
import * as z from 'zod/mini'
import { rawNumber } from '#providers/shared/raw-number.ts'

export type Fields = Record<string, unknown>

export const text = z.optional(z.string().check(z.maxLength(2500)))
export const url = z.string().check(z.minLength(1), z.maxLength(8192))
export const flag = z.optional(z.boolean())
export const mode = z.optional(z.enum(['std', 'pro', '4k']))
export const ratio = z.optional(z.string().check(z.maxLength(10)))
/** Kling takes a text. useapi.net's clients send a text or a number. */
export const seconds = z.optional(
  z.pipe(z.union([z.int(), z.string().check(z.regex(/^\d{1,2}$/))]), z.transform(String))
)
export const images = z.optional(z.int().check(z.gte(1), z.lte(9)))
/** A saved element. useapi.net writes `u_` in front of the number. */
const element = z.optional(
  z.string().check(z.regex(/^(u_)?\d{1,20}$/, 'must be the number of a saved element'))
)

/**
 * A field that Kling lacks. It is refused unless its value is neutral, so that no client gets a result that it did not ask for.
 */
export function only<T extends string | number | boolean>(value: T) {
  const error = `has no counterpart in Kling's API; only ${JSON.stringify(value)} is accepted`
  return z.optional(z.literal(value, { error }))
}

export const elements = { element_1: element, element_2: element, element_3: element }

const SHOTS = [1, 2, 3, 4, 5, 6]

export const shots: Record<string, z.core.$ZodType> = Object.fromEntries(
  SHOTS.flatMap((index) => [
    [`shot_${index}_prompt`, text],
    [`shot_${index}_duration`, seconds],
  ])
)

/** The fields without members that are undefined. */
export function given(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** Ids of elements are numbers that are too large for JavaScript. */
export function elementList(fields: Fields): Fields {
  const ids = Object.keys(elements).flatMap((name) => {
    const id = fields[name]
    return typeof id === 'string' ? [{ element_id: rawNumber(id.replace(/^u_/, '')) }] : []
  })
  return ids.length === 0 ? {} : { element_list: ids }
}

/** Each shot has its own prompt. The video is as long as all shots together. */
export function shotList(fields: Fields): Fields {
  const list = SHOTS.flatMap((index) => {
    const prompt = fields[`shot_${index}_prompt`]
    if (prompt === undefined) return []
    return [{ index, prompt, duration: String(fields[`shot_${index}_duration`] ?? '5') }]
  })
  if (list.length === 0) return {}
  const whole = list.reduce((sum, shot) => sum + Number(shot.duration), 0)
  const plan = { multi_shot: true, shot_type: 'customize', multi_prompt: list }
  return { ...plan, duration: String(whole) }
}

const MODELS: Record<string, string> = {
  'kling-v3-0': 'kling-v3',
  'kling-v2-5': 'kling-v2-5-turbo',
  'kling-v2-0': 'kling-v2',
}
export const TURBO = 'kling-v3-0-turbo'

export function modelOf(name: unknown): string {
  return MODELS[String(name)] ?? String(name)
}

/** Without `enable_audio`, useapi.net's v3 has sound and the older models have none. */
export function soundOf({ enable_audio: wanted }: Fields, isOnByItself: boolean): Fields {
  if (isOnByItself) return { sound: wanted === false ? 'off' : 'on' }
  return wanted === undefined ? {} : { sound: wanted === true ? 'on' : 'off' }
}

/** `@image_3` in a prompt of useapi.net means the field of that name. Kling counts only the images that are there. */
export function referring(fields: Fields): string | undefined {
  const { prompt } = fields
  if (typeof prompt !== 'string') return undefined
  return prompt.replaceAll(
    /@(image|element|video)_(\d{1,2})(?!\d)/g,
    (_, kind: string, number: string) => {
      const before = Array.from({ length: Number(number) }, (__, index) => `${kind}_${index + 1}`)
      const place = before.filter((name) => fields[name] !== undefined).length
      const isThere = fields[`${kind}_${number}`] !== undefined
      return `<<<${kind}_${isThere ? place : number}>>>`
    }
  )
}
