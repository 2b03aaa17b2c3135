/**
 * heygen-mcp 0.0.3 (Python, pydantic) takes no answer that lacks one of these members, whatever it wants of it. Through a pool
 * of two, so that merging loses none.
 */
import { afterAll, expect, test } from 'vitest'
import * as z from 'zod'
import { openGateway } from '../support/gateway.ts'

const gateway = await openGateway({ accounts: { a: 1, b: 1 } })
afterAll(() => gateway.dispose())

const number = z.number()
const REQUIRED = {
  '/heygen/v2/user/remaining_quota': z.object({
    remaining_quota: number,
    details: z.object({
      api: number,
      streaming_avatar: number,
      streaming_avatar_instance_quota: number,
      seat: number,
    }),
  }),
  '/heygen/v2/voices': z.object({
    voices: z
      .array(
        z.object({
          voice_id: z.string(),
          language: z.string(),
          gender: z.string(),
          name: z.string(),
          preview_audio: z.string(),
          support_pause: z.boolean(),
          emotion_support: z.boolean(),
          support_interactive_avatar: z.boolean(),
        })
      )
      .min(1),
  }),
  '/heygen/v2/avatar_group.list?include_public=true': z.object({
    total_count: number,
    avatar_group_list: z
      .array(
        z.object({
          id: z.string(),
          name: z.string(),
          created_at: number,
          num_looks: number,
          preview_image: z.string(),
          group_type: z.string(),
        })
      )
      .min(1),
  }),
}

test.each(Object.entries(REQUIRED))('a strict client can read %s', async (path, form) => {
  const { data } = (await (await gateway.fetch(path)).json()) as { data: unknown }
  const read = form.safeParse(data)
  expect(read.error?.issues ?? []).toEqual([])
})
