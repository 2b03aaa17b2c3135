import type { Members } from '../map/places.ts'
import type { Sample } from './sample.ts'

const TEXT: Members = { type: 'text', input_text: 'Hello there.', voice_id: 'voice-1' }
const URL = 'https://example.com'

const GENERATE = 'POST /v2/video/generate'
const SCENE = '/video_inputs/0'
const AVATAR = [`${SCENE}/character/type`, `${SCENE}/character/avatar_id`]
const SPEECH = ['type', 'input_text', 'voice_id'].map((name) => `${SCENE}/voice/${name}`)

const studio = (name: string, scenes: Members[], more: Members = {}): Sample => ({
  row: GENERATE,
  name,
  body: { ...more, video_inputs: scenes },
  needs: ['/video_inputs'],
})

const anna: Members = { type: 'avatar', avatar_id: 'look-studio-iii' }

export const VIDEO_SAMPLES: Sample[] = [
  {
    row: GENERATE,
    body: {
      title: 'Demo',
      callback_id: 'job-0042',
      callback_url: `${URL}/hook`,
      folder_id: 'folder-1',
      caption: true,
      caption_mode: 'file_only',
      dimension: { width: 1280, height: 720 },
      aspect_ratio: '9:16',
      test: false,
      fps: 30,
      enable_watermark: true,
      subtitles: { preset_name: 'bold', font_size: 30 },
      video_inputs: [
        {
          character: {
            ...anna,
            use_avatar_iv_model: false,
            prompt: 'waves a hand',
            keep_original_prompt: true,
            expression: 'happy',
            talking_style: 'expressive',
            matting: true,
            scale: 1,
            offset: { x: 0, y: 0 },
            avatar_style: 'normal',
            super_resolution: true,
          },
          custom_motion_prompt: 'nods',
          voice: {
            ...TEXT,
            speed: '1.1',
            pitch: 10,
            locale: 'en-US',
            emotion: 'Friendly',
            elevenlabs_settings: {
              model: 'eleven_turbo_v2_5',
              similarity_boost: 0.5,
              stability: 0.6,
              style: 0.1,
              use_speaker_boost: true,
              other: 1,
            },
          },
          background: { type: 'color', value: '#FAFAFA' },
        },
      ],
    },
    needs: [...AVATAR, ...SPEECH],
    values: {
      '/caption': [false, 'true'],
      '/caption_mode': ['burn_in', 'other'],
      '/aspect_ratio': ['16:9', '3:2'],
      '/dimension': [
        { width: 1920, height: 1080 },
        { width: 1080, height: 1920 },
        { width: 1080, height: 1080 },
        { width: 1080, height: 1350 },
        { width: 1350, height: 1080 },
        { width: 1000, height: 700 },
        { width: 3840, height: 2160 },
        { width: 640, height: 360 },
      ],
      '/test': [true],
      [`${SCENE}/character/use_avatar_iv_model`]: [true],
      [`${SCENE}/character/avatar_id`]: ['look-twin-iii', 'look-twin-iv'],
      [`${SCENE}/character/matting`]: [false],
      [`${SCENE}/character/scale`]: [1.05, 2],
      [`${SCENE}/character/offset`]: [{ x: 0.3, y: 0 }],
      [`${SCENE}/character/avatar_style`]: ['closeUp', 'circle'],
      [`${SCENE}/character/circle_background_color`]: ['#ffffff'],
      [`${SCENE}/voice/speed`]: [0.2, 3, '0.9'],
      [`${SCENE}/voice/pitch`]: [-70, 70, '5'],
      [`${SCENE}/voice/elevanlabs_settings`]: [{ stability: 0.4 }],
      [`${SCENE}/voice/elevenlabs_settings`]: [{ model: 'eleven_monolingual_v1', style: 0.3 }],
      [`${SCENE}/voice`]: [
        { type: 'audio', audio_url: `${URL}/a.mp3` },
        { type: 'audio', audio_asset_id: 'asset-audio' },
        { type: 'silence', duration: 2 },
      ],
      [`${SCENE}/background`]: [
        { type: 'image', url: `${URL}/bg.jpg`, fit: 'cover' },
        { type: 'image', image_asset_id: 'asset-1' },
        { type: 'video', url: `${URL}/bg.mp4`, play_style: 'loop' },
        { type: 'video', video_asset_id: 'asset-video', play_style: 'once' },
      ],
      [`${SCENE}/text`]: [{ type: 'text', text: 'Sale' }],
    },
  },
  {
    row: GENERATE,
    name: 'photo with Avatar IV',
    body: {
      video_inputs: [
        {
          character: {
            type: 'talking_photo',
            talking_photo_id: 'look-photo-iii',
            use_avatar_iv_model: true,
            prompt: 'waves a hand',
            expression: 'happy',
            talking_style: 'stable',
            talking_photo_style: 'square',
          },
          custom_motion_prompt: 'nods',
          voice: TEXT,
        },
      ],
    },
    needs: [
      `${SCENE}/character/type`,
      `${SCENE}/character/talking_photo_id`,
      `${SCENE}/character/use_avatar_iv_model`,
      ...SPEECH,
    ],
    values: {
      [`${SCENE}/character/talking_style`]: ['expressive'],
      [`${SCENE}/character/expression`]: ['default'],
      [`${SCENE}/character/talking_photo_style`]: ['circle'],
    },
  },
  {
    row: GENERATE,
    name: 'photo',
    body: {
      video_inputs: [
        {
          character: { type: 'talking_photo', talking_photo_id: 'look-photo-iii', prompt: 'waves' },
          voice: TEXT,
          background: { type: 'color', value: '#000000' },
        },
      ],
    },
    needs: [`${SCENE}/character/type`, `${SCENE}/character/talking_photo_id`, ...SPEECH],
    values: {
      [`${SCENE}/character/talking_photo_id`]: [
        'look-photo-iv',
        'group-photo',
        'asset-1',
        'unknown-1',
      ],
    },
  },
  studio(
    'two scenes',
    [
      { character: anna, voice: TEXT, background: { type: 'color', value: '#1A2B3C' } },
      {
        character: { type: 'avatar', avatar_id: 'look-twin-iii' },
        voice: { type: 'audio', audio_url: `${URL}/a.mp3` },
        background: { type: 'image', url: `${URL}/bg.jpg`, fit: 'cover' },
      },
    ],
    { title: 'Two', dimension: { width: 720, height: 1280 }, caption: true, folder_id: 'folder-1' }
  ),
  studio('scenes with videos behind', [
    { character: anna, voice: TEXT, background: { type: 'video', url: `${URL}/bg.mp4` } },
    { character: anna, voice: TEXT, background: { type: 'image', image_asset_id: 'asset-1' } },
    { character: anna, voice: TEXT, background: { type: 'color', value: '#abc' } },
    { character: anna, voice: TEXT },
  ]),
  studio('a scene of Avatar IV', [
    {
      character: {
        type: 'talking_photo',
        talking_photo_id: 'look-photo-iii',
        use_avatar_iv_model: true,
        prompt: 'waves',
      },
      voice: { ...TEXT, speed: 1.2 },
    },
    { character: anna, voice: TEXT },
  ]),
  studio('scenes without a character', [
    { voice: TEXT, background: { type: 'image', url: `${URL}/bg.jpg` } },
    { voice: TEXT, background: { type: 'video', url: `${URL}/bg.mp4`, play_style: 'loop' } },
    {
      voice: { type: 'silence', duration: 3 },
      background: { type: 'image', image_asset_id: 'asset-1' },
    },
    { voice: { type: 'silence' }, background: { type: 'video', video_asset_id: 'asset-video' } },
  ]),
  studio('one scene without a character', [
    { voice: TEXT, background: { type: 'image', url: `${URL}/bg.jpg` } },
  ]),
  studio('a look without Avatar III in a scene', [
    { character: anna, voice: TEXT },
    { character: { type: 'avatar', avatar_id: 'look-twin-iv' }, voice: TEXT },
  ]),
  studio('no scene', []),
  {
    row: 'GET /v1/video_status.get',
    query: { video_id: 'video-1' },
    needs: ['video_id'],
  },
  {
    row: 'POST /v1/video.webm',
    body: {
      avatar_pose_id: 'look-studio-iii',
      avatar_style: 'normal',
      input_text: 'Hello there.',
      voice_id: 'voice-1',
      dimension: { width: 1280, height: 720 },
      title: 'Demo',
      callback_id: 'job-0042',
      callback_url: `${URL}/hook`,
    },
    needs: ['/avatar_pose_id', '/input_text', '/voice_id'],
    values: {
      '/avatar_pose_id': ['look-twin-iv'],
      '/avatar_style': ['closeUp'],
      '/dimension': [{ width: 2160, height: 3840 }],
    },
  },
  {
    row: 'POST /v1/video.webm',
    name: 'audio',
    body: { avatar_id: 'look-studio-iii', input_audio: `${URL}/a.mp3` },
    needs: ['/avatar_id', '/input_audio'],
  },
  {
    row: 'POST /v2/video/av4/generate',
    body: {
      image_key: 'image/asset-1/original.png',
      video_title: 'Demo',
      script: 'Hello there.',
      voice_id: 'voice-1',
      video_orientation: 'portrait',
      fit: 'cover',
      custom_motion_prompt: 'waves',
      enhance_custom_motion_prompt: true,
      caption: true,
      callback_id: 'job-0042',
      callback_url: `${URL}/hook`,
      dimension: { width: 1080, height: 1080 },
    },
    needs: ['/image_key', '/script', '/voice_id'],
    values: {
      '/image_key': ['image/abc123/original'],
      '/video_orientation': ['landscape', 'square'],
      '/fit': ['contain'],
      '/caption': [false],
    },
  },
  {
    row: 'POST /v2/video/av4/generate',
    name: 'audio',
    body: { image_key: 'image/asset-1/original.png', audio_url: `${URL}/a.mp3` },
    needs: ['/image_key', '/audio_url'],
  },
  {
    row: 'POST /v2/video/av4/generate',
    name: 'audio asset',
    body: { image_key: 'image/asset-1/original.png', audio_asset_id: 'asset-audio' },
    needs: ['/image_key', '/audio_asset_id'],
  },
  {
    row: 'GET /v1/video.list',
    query: { limit: '2', token: '1', folder_id: 'folder-1', title: 'Demo' },
  },
  { row: 'DELETE /v1/video.delete', query: { video_id: 'video-1' }, needs: ['video_id'] },
  {
    row: 'POST /v1/video_agent/generate',
    body: {
      prompt: 'A short film',
      avatar_id: 'look-studio-iii',
      voice_id: 'voice-1',
      orientation: 'landscape',
      duration_sec: 30,
      files: [{ asset_id: 'asset-1' }],
      callback_url: `${URL}/hook`,
      callback_id: 'job-0042',
      incognito_mode: true,
    },
    needs: ['/prompt'],
    values: {
      '/config': [
        {
          avatar_id: 'look-studio-iii',
          voice_id: 'voice-1',
          orientation: 'portrait',
          duration_sec: 45,
        },
      ],
    },
  },
  {
    row: 'GET /v2/videos',
    query: { limit: '2', folder_id: 'folder-1', title: 'Demo' },
    values: { token: ['1'] },
  },
  {
    row: 'POST /v2/videos',
    body: {
      avatar_id: 'look-photo-iii',
      script: 'Hello there.',
      voice_id: 'voice-1',
      title: 'Demo',
      resolution: '720p',
      aspect_ratio: '16:9',
      motion_prompt: 'waves',
      expressiveness: 'high',
      remove_background: true,
      background: { type: 'color', value: '#ffffff' },
      voice_settings: { speed: 1.1 },
      callback_url: `${URL}/hook`,
      callback_id: 'job-0042',
      caption: { file_format: 'srt' },
      output_format: 'mp4',
      not_in_v3: 1,
    },
    needs: ['/avatar_id', '/script', '/voice_id'],
  },
  {
    row: 'POST /v2/videos',
    name: 'picture',
    body: { image_url: `${URL}/ana.png`, script: 'Hello there.', voice_id: 'voice-1' },
    needs: ['/image_url', '/script', '/voice_id'],
  },
  {
    row: 'POST /v2/videos',
    name: 'uploaded picture',
    body: { image_asset_id: 'asset-1', audio_url: `${URL}/a.mp3` },
    needs: ['/image_asset_id', '/audio_url'],
  },
  {
    row: 'POST /v2/videos',
    name: 'uploaded sound',
    body: { avatar_id: 'look-studio-iii', audio_asset_id: 'asset-audio' },
    needs: ['/avatar_id', '/audio_asset_id'],
  },
  { row: 'GET /v2/videos/{video_id}', params: { video_id: 'video-1' } },
  { row: 'DELETE /v2/videos/{video_id}', params: { video_id: 'video-1' } },
  {
    row: 'POST /v1/video.generate',
    body: {
      background: '#ffffff',
      ratio: '16:9',
      test: false,
      version: 'v1alpha',
      title: 'Demo',
      callback_id: 'job-0042',
      clips: [
        {
          avatar_id: 'look-studio-iii',
          avatar_style: 'normal',
          input_text: 'Hello there.',
          voice_id: 'voice-1',
          scale: 1,
          offset: { x: 0, y: 0 },
          caption: true,
        },
      ],
    },
    needs: ['/clips/0/avatar_id', '/clips/0/input_text', '/clips/0/voice_id'],
    values: {
      '/background': [`${URL}/bg.jpg`],
      '/ratio': ['9:16', '3:2'],
      '/test': [true],
      '/clips/0/avatar_id': ['look-twin-iv'],
    },
  },
  {
    row: 'POST /v1/video.generate',
    name: 'several clips',
    body: {
      background: '#ffffff',
      clips: [
        {
          talking_photo_id: 'look-photo-iii',
          talking_photo_style: 'square',
          input_text: 'One.',
          voice_id: 'voice-1',
        },
        { avatar_id: 'look-studio-iii', input_audio: `${URL}/a.mp3` },
      ],
    },
    needs: ['/clips'],
  },
  { row: 'GET /v1/video/caption.get', query: { video_id: 'video-1' }, needs: ['video_id'] },
]
