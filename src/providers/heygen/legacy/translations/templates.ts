/**
 * Older calls about templates. v3 has their variables flat where v2 had them under `properties`, and knows only templates of the
 * newer editor.
 */
import { textsAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall } from '#providers/contract/provider.ts'
import { refuseTest } from '#providers/heygen/legacy/videos/video-bodies.ts'
import {
  type Body,
  clamped,
  flag,
  invalid,
  num,
  orNull,
  present,
  segment,
  textOf,
  v2,
} from '#providers/heygen/legacy/shared/words.ts'

export const TEMPLATES = {
  'GET /v2/templates': { carry: list },
  'GET /v2/template/{template_id}': { carry: detail },
  'GET /v3/template/{template_id}': { carry: detailWithScenes },
  'POST /v2/template/{template_id}/generate': { carry: generate },
}

type Variables = Readonly<Record<string, unknown>>

/** v3 lists no templates of the older editor, and none without variables. */
async function list(call: LegacyCall): Promise<unknown> {
  const rows = await call.readAll({ path: '/v3/templates', limit: 100, what: 'templates' })
  return v2({
    templates: rows.map((row) => ({
      template_id: orNull(row, '/id'),
      name: orNull(row, '/name'),
      thumbnail_image_url: orNull(row, '/thumbnail_url'),
      aspect_ratio: orNull(row, '/aspect_ratio'),
    })),
  })
}

async function detail(call: LegacyCall): Promise<unknown> {
  return v2({ variables: nested(variablesIn(await read(call))) })
}

async function detailWithScenes(call: LegacyCall): Promise<unknown> {
  const template = await read(call)
  const scenes = valuesAt(template, '/scenes/*').map((scene) => ({
    id: orNull(scene, '/scene_id'),
    script: orNull(scene, '/script'),
    variables: valuesAt(scene, '/variables/*').map((variable) => ({
      name: orNull(variable, '/name'),
      type: orNull(variable, '/variable_type'),
    })),
  }))
  return v2({ version: 'v4', variables: nested(variablesIn(template)), scenes })
}

/** A template video costs the same as in v2. A text that is left out would be printed as its own name in braces. */
async function generate(call: LegacyCall): Promise<unknown> {
  refuseTest(call)
  const { body } = call
  const given = objectOf(body['variables']) ?? {}
  const variables = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => {
      const flat = flatOf(call, name, value)
      return flat ? [[name, flat]] : []
    })
  )
  const texts = await textsLeftOut(call, variables)
  const made = await call.ask({
    method: 'POST',
    path: pathOf(call),
    body: present({
      variables: { ...texts, ...variables },
      title: textOf(body, '/title'),
      caption: flag(body['caption']),
      subtitles: subtitlesOf(call),
      callback_id: textOf(body, '/callback_id'),
      callback_url: textOf(body, '/callback_url'),
      folder_id: textOf(body, '/folder_id'),
      brand_glossary_id: textOf(body, '/brand_glossary_id') ?? textOf(body, '/brand_voice_id'),
      dimension: dimensionOf(call),
      fps: framesOf(call),
      scene_ids: scenesAsked(call),
      reorder_music: flag(body['reorder_music']),
      keep_text_vertically_centered: flag(body['keep_text_vertically_centered']),
      include_gif: flag(body['include_gif']),
      enable_sharing: flag(body['enable_sharing']),
    }),
  })
  return v2({ video_id: orNull(made.body, '/data/id') })
}

function pathOf(call: LegacyCall): string {
  return `/v3/templates/${segment(call, 'template_id', call.params['template_id'])}`
}

async function read(call: LegacyCall): Promise<unknown> {
  const { body } = await call.ask({ method: 'GET', path: pathOf(call) })
  return valueAt(body, '/data')
}

function variablesIn(template: unknown): Variables {
  return objectOf(valueAt(template, '/variables')) ?? {}
}

/** v3's variables as v2 has them. */
function nested(variables: Variables): unknown {
  return Object.fromEntries(
    Object.entries(variables).map(([name, variable]) => {
      const type = orNull(variable, '/type')
      return [name, { name, type, properties: propertiesOf(type, variable) }]
    })
  )
}

const MEDIA = ['image', 'video', 'audio']

function propertiesOf(type: unknown, variable: unknown): unknown {
  if (type === 'text') return { content: orNull(variable, '/content') }
  if (type === 'character') {
    const character_id = orNull(variable, '/character_id')
    return { character_id, type: orNull(variable, '/character_type') }
  }
  if (type === 'voice') {
    return { voice_id: orNull(variable, '/voice_id'), locale: orNull(variable, '/locale') }
  }
  if (!MEDIA.includes(String(type))) return {}
  const url = textOf(variable, '/asset/url')
  return {
    ...(url === undefined ? { asset_id: orNull(variable, '/asset/asset_id') } : { url }),
    ...(type === 'audio' ? {} : { fit: orNull(variable, '/fit') }),
    ...(type === 'video'
      ? { play_style: orNull(variable, '/play_style'), volume: orNull(variable, '/volume') }
      : {}),
  }
}

/**
 * A variable of v2 as v3 takes it. Undefined: it names nothing, so the template's own value stays. A bare text is the content of a
 * text variable.
 */
function flatOf(call: LegacyCall, name: string, value: unknown): Body | undefined {
  const at = `variables.${name}`
  if (typeof value === 'string' || typeof value === 'number') return textVariable(call, at, value)
  const properties = objectOf(valueAt(value, '/properties')) ?? objectOf(value)
  if (!properties) throw invalid(call, at, 'must be an object with type and properties.')
  const type = textOf(value, '/type')
  if (type === 'text') return textVariable(call, at, properties['content'])
  if (type === 'character') {
    const character_id = textOf(properties, '/character_id')
    const character_type = textOf(properties, properties === value ? '/character_type' : '/type')
    return character_id === undefined ? undefined : present({ type, character_id, character_type })
  }
  if (type === 'voice') {
    const voice_id = textOf(properties, '/voice_id')
    const locale = textOf(properties, '/locale')
    return voice_id === undefined ? undefined : present({ type, voice_id, locale })
  }
  if (type === undefined || !MEDIA.includes(type)) {
    throw invalid(call, `${at}.type`, 'must be text, image, video, audio, character or voice.')
  }
  return mediaVariable(type, properties)
}

/** v3 takes no empty text. */
function textVariable(call: LegacyCall, at: string, content: unknown): Body {
  const isText = typeof content === 'string' || typeof content === 'number'
  if (!isText || content === '') throw invalid(call, at, 'must have a content that is not empty.')
  return { type: 'text', content: String(content) }
}

function mediaVariable(type: string, properties: Variables): Body | undefined {
  const asset_id = textOf(properties, '/asset_id') ?? textOf(properties, '/asset/asset_id')
  const url = textOf(properties, '/url') ?? textOf(properties, '/asset/url')
  if (asset_id === undefined && url === undefined) return undefined
  return present({
    type,
    asset: url === undefined ? { type: 'asset_id', asset_id } : { type: 'url', url },
    ...(type === 'audio' ? {} : { fit: textOf(properties, '/fit') }),
    ...(type === 'video'
      ? {
          play_style: textOf(properties, '/play_style'),
          volume: clamped(properties['volume'], 0, 1),
        }
      : {}),
  })
}

/**
 * The template's own values of the text variables that the client left out. Refuses if one has none. Before it refuses, it reads the
 * template again: the variable may be gone since.
 */
async function textsLeftOut(call: LegacyCall, given: Variables): Promise<Body> {
  const missing = (template: unknown) =>
    Object.entries(textsOf(template)).filter(([name]) => given[name] === undefined)
  const isFilled = ([, content]: [string, string | undefined]) => content !== undefined
  let template = await call.remember(`template ${pathOf(call)}`, async () =>
    outlineOf(await read(call))
  )
  if (!missing(template).every(isFilled)) template = await read(call)
  const asked = usedIn(template, scenesAsked(call))
  for (const [name, content] of missing(template)) {
    if (content === undefined && asked?.includes(name) !== false) {
      throw invalid(
        call,
        `variables.${name}`,
        `is required: without it the video shows {{${name}}}.`
      )
    }
  }
  return Object.fromEntries(
    missing(template)
      .filter(isFilled)
      .map(([name, content]) => [name, { type: 'text', content }])
  )
}

/** What is remembered of a template. Whole ones may be large. */
function outlineOf(template: unknown): unknown {
  const texts = Object.entries(textsOf(template))
  const variables = texts.map(([name, content]) => [name, { type: 'text', content }])
  const scenes = valuesAt(template, '/scenes/*').map((scene) => ({
    scene_id: textOf(scene, '/scene_id'),
    variables: textsAt(scene, '/variables/*/name').map((name) => ({ name })),
  }))
  return { variables: Object.fromEntries(variables), scenes }
}

/** The text variables of a template, with their own values where they have one. */
function textsOf(template: unknown): Record<string, string | undefined> {
  const all = Object.entries(variablesIn(template))
  return Object.fromEntries(
    all
      .filter(([, variable]) => textOf(variable, '/type') === 'text')
      .map(([name, variable]) => [name, textOf(variable, '/content')])
  )
}

/** The variables in these scenes. Undefined: all scenes count. */
function usedIn(template: unknown, scenes: readonly string[] | undefined): string[] | undefined {
  if (scenes === undefined) return undefined
  return valuesAt(template, '/scenes/*')
    .filter((scene) => scenes.includes(textOf(scene, '/scene_id') ?? ''))
    .flatMap((scene) => textsAt(scene, '/variables/*/name'))
}

function scenesAsked({ body }: LegacyCall): string[] | undefined {
  const ids = textsAt(body, '/scene_ids/*')
  return ids.length === 0 ? undefined : ids
}

/** v3 makes 25, 30 or 60 frames a second. */
function framesOf(call: LegacyCall): number | undefined {
  const given = call.body['fps']
  if (given === undefined || given === null || given === '') return undefined
  const fps = num(given)
  if (fps === 25 || fps === 30 || fps === 60) return fps
  call.lose('fps')
  return undefined
}

/** More than 1080 pixels at the short edge would be dearer, so they are made 1080 if the operator did not allow 4k. */
function dimensionOf(call: LegacyCall): Body | undefined {
  const given = call.body['dimension']
  if (given === undefined || given === null) return undefined
  const width = num(valueAt(given, '/width'))
  const height = num(valueAt(given, '/height'))
  if (width === undefined || height === undefined) {
    throw invalid(call, 'dimension', 'must have width and height in pixels.')
  }
  const scale = SHORT_EDGE_MAX / Math.min(width, height)
  if (call.settings.legacy4k === 'allow' || scale >= 1) return { width, height }
  call.lose('dimension')
  return { width: evenOf(width * scale), height: evenOf(height * scale) }
}

const SHORT_EDGE_MAX = 1080

/** v3 takes even numbers. */
function evenOf(pixels: number): number {
  return 2 * Math.round(pixels / 2)
}

/** v3 needs the name of a preset. */
function subtitlesOf(call: LegacyCall): Body | undefined {
  const given = objectOf(call.body['subtitles'])
  if (!given) return undefined
  const preset_name = textOf(given, '/preset_name')
  if (preset_name === undefined) {
    call.lose('subtitles')
    return undefined
  }
  const x = num(valueAt(given, '/position/x'))
  const y = num(valueAt(given, '/position/y'))
  return present({
    preset_name,
    alignment: num(given['alignment']),
    disable_highlight: flag(given['disable_highlight']),
    font_size: num(given['font_size']),
    position: x === undefined || y === undefined ? undefined : { x, y },
  })
}

function objectOf(value: unknown): Variables | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Variables) : undefined
}
