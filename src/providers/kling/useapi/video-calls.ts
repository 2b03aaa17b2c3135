/** Translates useapi.net's video and speech calls to Kling's calls (reference/kling.md 11.1, 11.2). */
import * as z from 'zod/mini'
import { textAt } from '#domain/text/json-pointer.ts'
import type { TaskCall } from '#providers/contract/provider.ts'
import {
  elementList,
  elements,
  flag,
  given,
  mode,
  modelOf,
  only,
  ratio,
  referring,
  seconds,
  shotList,
  shots,
  soundOf,
  text,
  TURBO,
  url,
  type Fields,
} from './fields.ts'

const common = {
  prompt: text,
  negative_prompt: text,
  cfg_scale: z.optional(z.number().check(z.gte(0), z.lte(1))),
  duration: seconds,
  mode,
  model_name: z.optional(z.string().check(z.maxLength(40))),
  enable_audio: flag,
  ...shots,
}

const NOT_TURBO = [
  ...['negative_prompt', 'cfg_scale', 'image_tail', 'enable_audio'],
  ...Object.keys({ ...shots, ...elements }),
]

/** The newest model has its own path, and fewer settings. */
function turbo(path: string, fields: Fields, content: Fields) {
  const odd = NOT_TURBO.find((name) => fields[name] !== undefined)
  if (odd !== undefined) return { wrong: `${odd} has no counterpart with ${TURBO}` }
  if (fields['mode'] === '4k') return { wrong: `mode: ${TURBO} has std and pro` }
  const settings = given({
    resolution: fields['mode'] === 'pro' ? '1080p' : '720p',
    aspect_ratio: fields['aspect_ratio'],
    duration: Number(fields['duration'] ?? 5),
  })
  return { path, body: { ...content, settings } }
}

function videoBody(fields: Fields, usual: string): Fields {
  const { prompt, negative_prompt, cfg_scale, duration, mode: how, aspect_ratio } = fields
  const model = fields['model_name'] ?? usual
  return given({
    model_name: modelOf(model),
    prompt,
    negative_prompt,
    cfg_scale,
    aspect_ratio,
    duration: duration ?? '5',
    mode: how ?? 'std',
    ...soundOf(fields, model === 'kling-v3-0'),
    ...shotList(fields),
  })
}

export const VIDEO_CALLS: readonly TaskCall[] = [
  {
    path: '/videos/text2video',
    fields: { ...common, aspect_ratio: ratio },
    build(fields) {
      if (fields['model_name'] === TURBO) {
        return turbo('/text-to-video/kling-3.0-turbo', fields, { prompt: fields['prompt'] })
      }
      return { path: '/v1/videos/text2video', body: videoBody(fields, 'kling-v1-6') }
    },
  },
  {
    path: '/videos/image2video-frames',
    fields: { ...common, ...elements, image: z.optional(url), image_tail: z.optional(url) },
    build(fields) {
      const { image, image_tail } = fields
      if (fields['model_name'] === TURBO) {
        const prompt = { type: 'prompt', text: fields['prompt'] ?? '' }
        const contents = [prompt, { type: 'first_frame', url: image }]
        return turbo('/image-to-video/kling-3.0-turbo', fields, { contents })
      }
      const frames = given({ image, image_tail })
      const body = { ...videoBody(fields, 'kling-v2-1'), ...frames, ...elementList(fields) }
      return { path: '/v1/videos/image2video', body }
    },
  },
  {
    path: '/videos/image2video-elements',
    fields: {
      ...elements,
      image_0: url,
      image_1: z.optional(url),
      image_2: z.optional(url),
      image_3: z.optional(url),
      prompt: z.string().check(z.maxLength(2500)),
      negative_prompt: text,
      aspect_ratio: ratio,
      duration: seconds,
      mode,
      model_name: z.optional(z.enum(['kling-v1-6', 'kling-v3-0'])),
      enable_audio: flag,
    },
    build: imagesToVideo,
  },
  {
    path: '/videos/image2video-effects',
    fields: {
      effect: z.string().check(z.minLength(1)),
      image: url,
      mode: only('std'),
      prompt: only(''),
    },
    build: ({ effect, image }) => ({
      path: '/v1/videos/effects',
      body: { effect_scene: effect, input: { image } },
    }),
  },
  {
    path: '/videos/extend',
    fields: {
      task_id: z.pipe(z.union([z.string().check(z.minLength(1)), z.number()]), z.transform(String)),
      prompt: text,
      negative_prompt: text,
      cfg_scale: z.optional(z.number().check(z.gte(0), z.lte(1))),
      enable_audio: only(false),
    },
    async build({ task_id, prompt, negative_prompt, cfg_scale }, readTask) {
      const task = await readTask(String(task_id))
      const video =
        textAt(task, '/data/task_result/videos/0/id') ?? textAt(task, '/data/0/outputs/0/id')
      if (video === undefined) return { wrong: `task_id: task ${String(task_id)} has no video` }
      const body = given({ video_id: video, prompt, negative_prompt, cfg_scale })
      return { path: '/v1/videos/video-extend', body }
    },
  },
  {
    path: '/videos/lipsync',
    fields: { video: url, audio: url },
    build({ video, audio }) {
      const isUrl = /^https?:/i.test(String(audio))
      const sound = isUrl
        ? { audio_type: 'url', audio_url: audio }
        : { audio_type: 'file', audio_file: audio }
      const input = { video_url: video, mode: 'audio2video', ...sound }
      return { path: '/v1/videos/lip-sync', body: { input } }
    },
  },
  {
    path: '/videos/motion-create',
    fields: {
      model_name: z.optional(z.enum(['kling-v3-0', 'kling-v2-6'])),
      imageUrl: url,
      motionUrl: url,
      prompt: text,
      keepAudio: flag,
      motionDirection: z.optional(z.enum(['motion_direction', 'image_direction'])),
      mode: z.optional(z.enum(['std', 'pro'])),
      element_1: elements.element_1,
    },
    build: (fields) => ({
      path: '/v1/videos/motion-control',
      body: given({
        model_name: modelOf(fields['model_name'] ?? 'kling-v3-0'),
        image_url: fields['imageUrl'],
        video_url: fields['motionUrl'],
        prompt: fields['prompt'],
        keep_original_sound: fields['keepAudio'] === false ? 'no' : 'yes',
        character_orientation: fields['motionDirection'] === 'image_direction' ? 'image' : 'video',
        mode: fields['mode'] ?? 'std',
        ...elementList(fields),
      }),
    }),
  },
  {
    path: '/videos/add-sound',
    fields: { video: url, cropVideoOriginalSound: only(false) },
    build: ({ video }) => ({ path: '/v1/audio/video-to-audio', body: { video_url: video } }),
  },
  {
    path: '/videos/omni',
    fields: {
      ...elements,
      ...shots,
      prompt: text,
      omni_version: z.optional(z.enum(['v3', 'o1'])),
      duration: seconds,
      aspect_ratio: ratio,
      mode,
      enable_audio: flag,
      ...Object.fromEntries(
        [1, 2, 3, 4, 5, 6, 7].map((index) => [`image_${index}`, z.optional(url)])
      ),
      frame_start: z.optional(url),
      frame_end: z.optional(url),
      video_1: z.optional(url),
      video_mode: z.optional(z.enum(['reference', 'transform'])),
      keep_audio: flag,
    },
    build: omniVideo,
  },
  {
    path: '/avatars/video',
    fields: {
      imageUrl: url,
      audioUrl: url,
      prompt: text,
      mode: z.optional(z.enum(['std', 'pro'])),
    },
    build: ({ imageUrl, audioUrl, prompt, mode: how }) => ({
      path: '/v1/videos/avatar/image2video',
      body: given({ image: imageUrl, sound_file: audioUrl, prompt, mode: how ?? 'std' }),
    }),
  },
  {
    path: '/tts/create',
    fields: {
      speakerId: z.string().check(z.minLength(1)),
      text: z.string().check(z.minLength(1), z.maxLength(1000)),
      speed: z.optional(z.number().check(z.gte(0.8), z.lte(2))),
      emotion: only(''),
    },
    build: ({ speakerId, text: words, speed }) => ({
      path: '/v1/audio/tts',
      body: {
        text: words,
        voice_id: speakerId,
        voice_language: /\p{Script=Han}/u.test(String(words)) ? 'zh' : 'en',
        voice_speed: speed ?? 1,
      },
    }),
    answer: (answer) => ({
      resource: textAt(answer, '/data/task_result/audios/0/url') ?? null,
      status: 99,
      status_name: 'succeed',
      status_final: true,
    }),
  },
]

function imagesToVideo(fields: Fields) {
  const sources = [0, 1, 2, 3].flatMap((index) => fields[`image_${index}`] ?? [])
  const { prompt, negative_prompt, aspect_ratio, duration, mode: how } = fields
  const rest = given({ prompt, aspect_ratio, duration: duration ?? '5', mode: how ?? 'std' })
  if (fields['model_name'] === 'kling-v3-0') {
    if (negative_prompt) return { wrong: 'negative_prompt has no counterpart with kling-v3-0' }
    const image_list = sources.map((image_url) => ({ image_url }))
    const body = { model_name: 'kling-v3-omni', ...rest, ...soundOf(fields, true), image_list }
    return { path: '/v1/videos/omni-video', body: { ...body, ...elementList(fields) } }
  }
  const odd = ['element_1', 'element_2', 'element_3'].find((name) => fields[name] !== undefined)
  if (odd !== undefined) return { wrong: `${odd}: only with model_name kling-v3-0` }
  if (fields['enable_audio']) return { wrong: 'enable_audio: only with model_name kling-v3-0' }
  const image_list = sources.map((image) => ({ image }))
  const body = { model_name: 'kling-v1-6', ...rest, ...given({ negative_prompt }), image_list }
  return { path: '/v1/videos/multi-image2video', body }
}

function omniVideo(fields: Fields) {
  const isOld = fields['omni_version'] === 'o1'
  const { frame_start, frame_end, video_1, aspect_ratio, duration, mode: how } = fields
  const isSilent = isOld || video_1 !== undefined
  if (isSilent && fields['enable_audio']) {
    return { wrong: 'enable_audio: only with omni_version v3, and without video_1' }
  }
  const pictures = [1, 2, 3, 4, 5, 6, 7].flatMap((index) => fields[`image_${index}`] ?? [])
  const image_list = [
    ...pictures.map((image_url) => ({ image_url })),
    ...(frame_start === undefined ? [] : [{ image_url: frame_start, type: 'first_frame' }]),
    ...(frame_end === undefined ? [] : [{ image_url: frame_end, type: 'end_frame' }]),
  ]
  const refer_type = fields['video_mode'] === 'transform' ? 'base' : 'feature'
  const keep_original_sound = fields['keep_audio'] === true ? 'yes' : 'no'
  const body = given({
    model_name: isOld ? 'kling-video-o1' : 'kling-v3-omni',
    prompt: referring(fields),
    aspect_ratio,
    duration: duration ?? '5',
    mode: how ?? 'std',
    ...(image_list.length > 0 ? { image_list } : {}),
    ...(video_1 === undefined
      ? {}
      : { video_list: [{ video_url: video_1, refer_type, keep_original_sound }] }),
    ...(isSilent ? {} : soundOf(fields, true)),
    ...elementList(fields),
    ...shotList(fields),
  })
  return { path: '/v1/videos/omni-video', body }
}
