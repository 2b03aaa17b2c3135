/** HeyGen's older lists of avatars and groups over two accounts, carried by v3. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../../support/gateway.ts'
import { addGroup, call } from '../../../support/scenes/legacy/legacy-avatars.ts'

let gateway: Gateway

beforeAll(async () => {
  const vars = { LEGACY: 'bridge' }
  gateway = await openGateway({
    accounts: { alice: 5, bob: 5 },
    simAccount: { sunset: true },
    vars,
  })
  const { sim } = gateway
  await addGroup(sim, 'alice', 'twins', [{ id: 'twin', avatar_type: 'digital_twin', tags: [] }])
  await addGroup(sim, 'bob', 'photos', [
    { id: 'photo-1', avatar_type: 'photo_avatar' },
    { id: 'photo-2', avatar_type: 'photo_avatar', status: 'failed' },
  ])
})
afterAll(() => gateway.dispose())
beforeEach(() => gateway.sim.forgetRequests())

const get = (path: string) => call(gateway, 'GET', path)
const MEDIA = expect.stringContaining('http') as string
/** Among others. Rows of two accounts that were made in the same second stand in either order. */
const inAnyOrder = (rows: unknown[]) => expect.arrayContaining(rows) as unknown[]
const matching = (row: object) => expect.objectContaining(row) as unknown
const VOICE = expect.any(String) as string

test('GET /v2/avatars has the own of every account and the public ones, photos apart', async () => {
  const { status, body, headers } = await get('/v2/avatars')
  expect(status).toBe(200)
  expect(headers.get('x-gateway-account')).toBeNull()
  expect(headers.get('x-gateway-lost')).toBeNull()
  const view = { gender: 'female', preview_image_url: MEDIA, preview_video_url: MEDIA }
  const rest = { ...view, premium: false, type: null, default_voice_id: VOICE }
  expect(body).toEqual({
    error: null,
    data: {
      avatars: inAnyOrder([
        { avatar_id: 'twin', avatar_name: 'Look twin', ...rest, tags: null },
        {
          avatar_id: 'Abigail_expressive_2024112501',
          avatar_name: 'Abigail (Upper Body)',
          ...rest,
          tags: ['business'],
        },
        {
          avatar_id: 'Vanessa-invest-20220722',
          avatar_name: 'Vanessa',
          ...rest,
          tags: ['business'],
        },
      ]),
      talking_photos: ['photo-2', 'photo-1'].map((id) => ({
        talking_photo_id: id,
        talking_photo_name: `Look ${id}`,
        preview_image_url: MEDIA,
      })),
    },
  })
})

test('groups say what they consist of and whether they are trained; public ones come only when asked for', async () => {
  const own = await get('/v2/avatar_group.list')
  const preview = { preview_image_url: MEDIA, preview_image: MEDIA }
  const rest = {
    created_at: expect.any(Number),
    num_looks: expect.any(Number),
    ...preview,
    default_voice_id: VOICE,
  }
  expect(own.body).toEqual({
    error: null,
    data: {
      total_count: 2,
      avatar_group_list: inAnyOrder([
        { id: 'photos', name: 'Group photos', group_type: 'PHOTO', train_status: 'ready', ...rest },
        { id: 'twins', name: 'Group twins', group_type: 'PRIVATE', train_status: 'ready', ...rest },
      ]),
    },
  })
  const all = await get('/v2/avatar_group.list?include_public=true')
  expect(all.body).toMatchObject({
    data: {
      avatar_group_list: inAnyOrder([
        matching({ id: 'twins' }),
        matching({ id: 'public_group_abigail', group_type: 'PUBLIC', train_status: null }),
        matching({ id: 'public_group_vanessa', group_type: 'PUBLIC', train_status: null }),
      ]),
    },
  })
})

test('the avatars of a group are photos or video avatars, each in its own form', async () => {
  const photos = await get('/v2/avatar_group/photos/avatars')
  expect(photos.headers.get('x-gateway-account')).toBe('bob@example.com')
  const photo = {
    image_url: MEDIA,
    created_at: expect.any(Number),
    group_id: 'photos',
    is_motion: false,
    motion_preview_url: null,
    business_type: 'uploaded',
    upscale_availability: { available: false, reason: '' },
    upscaled: false,
    background_sound_effect: null,
    default_voice_id: VOICE,
  }
  expect(photos.body).toEqual({
    error: null,
    data: {
      avatar_list: [
        { id: 'photo-2', name: 'Look photo-2', status: 'failed', ...photo },
        { id: 'photo-1', name: 'Look photo-1', status: 'completed', ...photo },
      ],
    },
  })
  expect((await get('/v2/avatar_group/twins/avatars')).body).toMatchObject({
    data: {
      avatar_list: [
        { id: 'twin', avatar_id: 'twin', name: 'Look twin', premium: false, tags: null },
      ],
    },
  })
})

test('GET /v1/talking_photo.list has the photos of all accounts', async () => {
  const row = { image_url: MEDIA, circle_image: '' }
  expect((await get('/v1/talking_photo.list')).body).toMatchObject({ code: 100 })
  const { body } = await get('/v1/talking_photo.list')
  expect((body as { data: unknown[] }).data).toEqual(
    expect.arrayContaining([
      { id: 'photo-1', ...row },
      { id: 'photo-2', ...row },
    ])
  )
})

test('GET /v1/avatar.list has each group with its looks', async () => {
  const { body } = await get('/v1/avatar.list')
  expect(body).toMatchObject({
    code: 100,
    message: 'success',
    data: {
      avatars: inAnyOrder(
        [
          {
            avatar_id: 'photos',
            avatar_states: [matching({ id: 'photo-2' }), matching({ id: 'photo-1' })],
          },
          { avatar_id: 'twins', avatar_states: [matching({ id: 'twin', normal_preview: MEDIA })] },
          { avatar_id: 'public_group_abigail' },
          { avatar_id: 'public_group_vanessa' },
        ].map(matching)
      ),
    },
  })
})

test('details name the kind of an avatar, and the id of a group stands for its oldest finished look', async () => {
  expect((await get('/v2/avatar/photo-1/details')).body).toEqual({
    error: null,
    data: {
      type: 'talking_photo',
      id: 'photo-1',
      name: 'Look photo-1',
      gender: 'female',
      preview_image_url: MEDIA,
      preview_video_url: MEDIA,
      premium: false,
      is_public: false,
      default_voice_id: VOICE,
      tags: ['business'],
    },
  })
  expect((await get('/v2/avatar/twins/details')).body).toMatchObject({
    data: { type: 'avatar', id: 'twin' },
  })
  const unknown = await get('/v2/avatar/nobody/details')
  expect(unknown.status).toBe(404)
  expect(unknown.body).toMatchObject({ data: null, error: { code: 'avatar_not_found' } })
})
