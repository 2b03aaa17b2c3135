/** useapi.net's calls on HeyGen: text-to-speech. */
import type { ProviderUseapi } from '#providers/contract/provider.ts'
import { speech } from './useapi/speech.ts'

export const useapi: ProviderUseapi = { speech }
