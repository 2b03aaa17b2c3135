import type { Members } from '../map/places.ts'
import type { Sample } from './sample.ts'

const URL = 'https://example.com'
const PERSON: Members = {
  age: 'Young Adult',
  gender: 'Woman',
  ethnicity: 'Unspecified',
  pose: 'half_body',
  style: 'Realistic',
}

export const AVATAR_SAMPLES: Sample[] = [
  {
    row: 'POST /v2/photo_avatar/photo/generate',
    body: {
      name: 'Ana',
      ...PERSON,
      appearance: 'a red coat',
      orientation: 'square',
      callback_url: `${URL}/hook`,
    },
    needs: ['/name', '/appearance'],
    values: { '/orientation': ['horizontal', 'vertical'] },
  },
  {
    row: 'GET /v2/photo_avatar/generation/{generation_id}',
    params: { generation_id: 'look-photo-iii' },
  },
  {
    row: 'POST /v2/photo_avatar/avatar_group/create',
    body: { name: 'Ana', image_key: 'image/asset-1/original.png' },
    needs: ['/name', '/image_key'],
    values: {
      '/image_key': ['image/abc123/original'],
      '/generation_id': ['look-photo-iii'],
    },
  },
  {
    row: 'POST /v2/photo_avatar/avatar_group/add',
    body: {
      group_id: 'group-photo',
      name: 'Ana',
      image_keys: ['image/asset-1/original.png', 'image/asset-2/original.png'],
    },
    needs: ['/group_id', '/name', '/image_keys'],
    values: {
      '/image_keys': [['image/asset-1/original.png'], []],
      '/generation_id': ['look-photo-iii'],
    },
  },
  { row: 'POST /v2/photo_avatar/train', body: { group_id: 'group-photo' } },
  {
    row: 'GET /v2/photo_avatar/train/status/{group_id}',
    params: { group_id: 'group-photo' },
  },
  {
    row: 'POST /v2/photo_avatar/look/generate',
    body: {
      group_id: 'group-photo',
      prompt: 'in a garden',
      orientation: 'square',
      pose: 'half_body',
      style: 'Realistic',
    },
    needs: ['/group_id', '/prompt'],
    values: { '/orientation': ['horizontal', 'vertical'] },
  },
  { row: 'GET /v2/photo_avatar/{id}', params: { id: 'look-photo-iii' } },
  { row: 'DELETE /v2/photo_avatar/{avatar_id}', params: { avatar_id: 'look-photo-iii' } },
  { row: 'DELETE /v2/photo_avatar_group/{group_id}', params: { group_id: 'group-photo' } },
  {
    row: 'POST /v2/video_avatar',
    body: {
      avatar_name: 'Ana',
      training_footage_url: `${URL}/training.mp4`,
      video_consent_url: `${URL}/consent.mp4`,
      callback_id: 'job-0042',
      callback_url: `${URL}/hook`,
    },
    needs: ['/avatar_name', '/training_footage_url', '/video_consent_url'],
  },
  { row: 'GET /v2/video_avatar/{avatar_id}', params: { avatar_id: 'look-twin-iii' } },
  { row: 'DELETE /v2/video_avatar/{avatar_id}', params: { avatar_id: 'look-twin-iii' } },
  {
    row: 'GET /v2/avatar_group.list',
    query: { include_public: 'true' },
    values: { include_public: ['false'] },
  },
  { row: 'GET /v2/avatar_group/{group_id}/avatars', params: { group_id: 'group-photo' } },
  {
    row: 'GET /v2/avatar_group/{group_id}/avatars',
    name: 'video',
    params: { group_id: 'group-twin' },
  },
  { row: 'GET /v2/avatars' },
  { row: 'GET /v2/avatar/{avatar_id}/details', params: { avatar_id: 'look-twin-iii' } },
  {
    row: 'GET /v2/avatar/{avatar_id}/details',
    name: 'public photo',
    params: { avatar_id: 'public0-photo-iii' },
  },
  { row: 'GET /v1/talking_photo.list' },
  {
    row: 'POST /v1/talking_photo',
    raw: { bytes: new Uint8Array([0xff, 0xd8, 0xff, 1]), type: 'image/jpeg' },
  },
  {
    row: 'DELETE /v2/talking_photo/{talking_photo_id}',
    params: { talking_photo_id: 'look-photo-iii' },
  },
  { row: 'DELETE /v2/avatar_group/{group_id}', params: { group_id: 'group-photo' } },
  { row: 'GET /v1/avatar.list' },
]
