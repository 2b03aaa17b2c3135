/** What the page must know of each provider: how its accounts are added, and what a first video is. */

interface CredentialField {
  name: string
  label: string
  isSecret?: boolean
  isOptional?: boolean
}

/** One way to name an account's credential. */
interface Way {
  title: string
  /** Behind the email. */
  fields: CredentialField[]
  needsEmail: boolean
  hint: string
}

export interface ProviderFacts {
  name: string
  title: string
  ways: Way[]
  /** Which limit for which plan. */
  plans: string[]
  firstVideo: { path: string; body: Record<string, unknown> }
}

export const PROVIDERS: ProviderFacts[] = [
  {
    name: 'heygen',
    title: 'HeyGen',
    ways: [
      {
        title: 'API key',
        fields: [{ name: 'apiKey', label: 'API key', isSecret: true }],
        needsEmail: false,
        hint: 'Without an email the gateway asks HeyGen whose key it is.',
      },
      {
        title: 'Email and password',
        fields: [{ name: 'password', label: 'Password', isSecret: true }],
        needsEmail: true,
        hint: 'HeyGen often refuses this with a captcha. An API key is the better way.',
      },
    ],
    plans: [
      'Pay as you go: 10',
      'Enterprise: what the contract says',
      'Shared with other programs or people: less, so that they keep room',
    ],
    firstVideo: {
      path: '/heygen/v3/videos',
      body: {
        type: 'avatar',
        avatar_id: 'Abigail_expressive_2024112501',
        voice_id: '1bd001e7e50f421d891986aad5158bc8',
        script: 'Hello. This is my first video.',
        title: 'First video',
      },
    },
  },
  {
    name: 'kling',
    title: 'Kling',
    ways: [
      {
        title: 'Access key and secret key',
        fields: [
          { name: 'accessKey', label: 'Access key' },
          { name: 'secretKey', label: 'Secret key', isSecret: true },
        ],
        needsEmail: true,
        hint: 'The email is only a name here.',
      },
      {
        title: 'API key',
        fields: [{ name: 'apiKey', label: 'API key', isSecret: true }],
        needsEmail: true,
        hint: 'The email is only a name here.',
      },
    ],
    plans: ['What the resource pack says, such as 5 for “5Con”'],
    firstVideo: {
      path: '/kling/v1/videos/text2video',
      body: {
        model_name: 'kling-v2-1-master',
        prompt: 'A calm sea at sunrise',
        duration: '5',
      },
    },
  },
]

export function titleOf(provider: string): string {
  return PROVIDERS.find(({ name }) => name === provider)?.title ?? provider
}
