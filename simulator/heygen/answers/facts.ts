/** Members of an answer that say what is true of looks, voices, assets, videos and translations, whatever the example says. */
import { mediaUrl, type Site } from '../../answers/links.ts'
import type { Resource } from '../../state/types.ts'
import type { Row } from '../catalogue/catalogue.ts'
import { enginesOf, lookTypeOf } from '../resources/looks.ts'
import type { Phase } from './phase.ts'

type Subject = { resource: Resource; phase: Phase; row: Row; site: Site }
type Fact = (subject: Subject) => unknown

/** Public looks and groups have no status. */
const statusOfLook: Fact = ({ resource, row }) =>
  row.family === 'v3' && resource.account === '' ? null : undefined

const ofVoice: Fact = ({ resource }) => (resource.account === '' ? 'public' : 'private')

const linkWhenDone =
  (extension: string): Fact =>
  ({ resource, phase, site }) =>
    phase.state === 'done' ? mediaUrl(site, `${resource.id}.${extension}`) : null

/** Captions are in a video only if they were asked for. The file of subtitles is made in any case. */
const captioned: Fact = (subject) =>
  subject.resource.doc.burns_captions === true ? linkWhenDone('mp4')(subject) : undefined

const isAudioOnly = ({ resource }: Subject): boolean => resource.doc.translate_audio_only === true

const typeOfAsset: Fact = ({ resource }) => resource.doc.file_type

const urlOfAsset: Fact = ({ resource, site }) => {
  const extension = EXTENSIONS[String(resource.doc.mime_type)]
  return extension ? mediaUrl(site, `${resource.id}.${extension}`) : undefined
}

const EXTENSIONS: Record<string, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
}

const FACTS: Record<string, Record<string, Fact>> = {
  avatar: {
    status: statusOfLook,
    avatar_type: ({ resource }) => lookTypeOf(resource),
    supported_api_engines: ({ resource }) => enginesOf(resource),
  },
  'avatar-group': { status: statusOfLook },
  voice: { type: ofVoice },
  asset: { type: typeOfAsset, url: urlOfAsset },
  video: { captioned_video_url: captioned, video_url_caption: captioned },
  translation: {
    srt_caption_url: linkWhenDone('srt'),
    vtt_caption_url: linkWhenDone('vtt'),
    audio_url: (subject) => (isAudioOnly(subject) ? linkWhenDone('mp3')(subject) : undefined),
    video_url: (subject) => (isAudioOnly(subject) ? null : undefined),
  },
}

/** undefined: nothing is known, so the example decides. */
export function factOf(name: string, subject: Subject): unknown {
  return FACTS[subject.resource.type]?.[name]?.(subject)
}
