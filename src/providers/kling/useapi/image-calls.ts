/** Translates useapi.net's image calls to Kling's calls (reference/kling.md 11.1, 11.2). */
import * as z from 'zod/mini'
import type { TaskCall } from '#providers/contract/provider.ts'
import {
  elementList,
  elements,
  flag,
  given,
  images,
  modelOf,
  only,
  ratio,
  referring,
  text,
  url,
} from './fields.ts'

const strength = z.optional(z.number().check(z.gte(1), z.lte(100)))
const share = (value: unknown) => (typeof value === 'number' ? value / 100 : undefined)
const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}${index + 1}`)

export const IMAGE_CALLS: readonly TaskCall[] = [
  {
    path: '/images/kolors',
    fields: {
      prompt: z.string().check(z.minLength(1), z.maxLength(2500)),
      version: z.optional(z.string().check(z.maxLength(40))),
      reference: z.optional(
        z.enum(['none', 'subject', 'face'], {
          error: "has no counterpart in Kling's API; none, subject and face have",
        })
      ),
      imageReference: z.optional(url),
      aspect_ratio: ratio,
      imageCount: images,
      faceStrength: strength,
      subjectStrength: strength,
      faceNo: only(1),
    },
    build(fields) {
      const { reference = 'none', imageReference, faceStrength, subjectStrength } = fields
      const isReferring = reference !== 'none'
      if (isReferring && imageReference === undefined) {
        return { wrong: 'imageReference is required with a reference' }
      }
      const usual = isReferring ? 'kling-v2-1' : 'kling-v3-0'
      const body = given({
        model_name: modelOf(fields['version'] ?? usual),
        prompt: fields['prompt'],
        n: fields['imageCount'] ?? 1,
        aspect_ratio: fields['aspect_ratio'],
        image: isReferring ? imageReference : undefined,
        image_reference: isReferring ? reference : undefined,
        image_fidelity: share(subjectStrength),
        human_fidelity: share(faceStrength),
      })
      return { path: '/v1/images/generations', body }
    },
  },
  {
    path: '/images/kolors-elements',
    fields: {
      prompt: text,
      aspect_ratio: ratio,
      imageCount: images,
      ...Object.fromEntries(numbered('subjectImage', 4).map((name) => [name, z.optional(url)])),
      sceneImage: z.optional(url),
      styleImage: z.optional(url),
    },
    build(fields) {
      const subjects = numbered('subjectImage', 4).flatMap((name) => fields[name] ?? [])
      const body = given({
        model_name: 'kling-v2-1',
        prompt: fields['prompt'],
        subject_image_list: subjects.map((subject_image) => ({ subject_image })),
        scene_image: fields['sceneImage'],
        style_image: fields['styleImage'],
        n: fields['imageCount'] ?? 1,
        aspect_ratio: fields['aspect_ratio'],
      })
      return { path: '/v1/images/multi-image2image', body }
    },
  },
  {
    path: '/images/omni',
    fields: {
      ...elements,
      prompt: z.string().check(z.minLength(1), z.maxLength(2500)),
      omni_version: z.optional(z.enum(['v3', 'o1'])),
      resolution: z.optional(z.enum(['1k', '2k', '4k'])),
      aspect_ratio: ratio,
      imageCount: images,
      story_mode: flag,
      ...Object.fromEntries(numbered('image_', 10).map((name) => [name, z.optional(url)])),
    },
    build(fields) {
      const pictures = numbered('image_', 10).flatMap((name) => fields[name] ?? [])
      const count = fields['imageCount']
      const amount = fields['story_mode']
        ? { result_type: 'series', series_amount: count ?? 'auto' }
        : { result_type: 'single', n: count ?? 1 }
      const body = given({
        model_name: fields['omni_version'] === 'o1' ? 'kling-image-o1' : 'kling-v3-omni',
        prompt: referring(fields),
        resolution: fields['resolution'],
        aspect_ratio: fields['aspect_ratio'],
        ...amount,
        ...(pictures.length > 0 ? { image_list: pictures.map((image) => ({ image })) } : {}),
        ...elementList(fields),
      })
      return { path: '/v1/images/omni-image', body }
    },
  },
  {
    path: '/images/virtual-try-on',
    fields: {
      humanImage: url,
      upperInput: z.optional(url),
      lowerInput: z.optional(url),
      dressInput: z.optional(url),
      imageCount: only(1),
    },
    build({ humanImage, upperInput, lowerInput, dressInput }) {
      const clothes = [upperInput, lowerInput, dressInput].filter((one) => one !== undefined)
      const [cloth] = clothes
      if (clothes.length !== 1) {
        return { wrong: 'Kling takes one garment: upperInput, lowerInput or dressInput' }
      }
      const model_name = 'kolors-virtual-try-on-v1-5'
      const body = { model_name, human_image: humanImage, cloth_image: cloth }
      return { path: '/v1/images/kolors-virtual-try-on', body }
    },
  },
]
