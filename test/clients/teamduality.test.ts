/** @teamduality/heygen-typescript-sdk 0.4.3 as it is published: v1 and v2, its host is fixed. */
import { afterAll, expect, test } from 'vitest'
import { openGateway } from '../support/gateway.ts'
import { runCode } from './run-client.ts'

const gateway = await openGateway({ accounts: { a: 1, b: 1 } })
afterAll(() => gateway.dispose())

const CREATE = `
  import { HeygenSDK } from '@teamduality/heygen-typescript-sdk'
  const sdk = new HeygenSDK(process.env.TOKEN)
  const make = () => sdk.videos.generation.create({ video_inputs: [{
    character: { type: 'avatar', avatar_id: 'Abigail_expressive_2024112501' },
    voice: { type: 'text', voice_id: '1bd001e7e50f421d891986aad5158bc8', input_text: 'Hi' },
  }] })
`

test('a client with a fixed host makes and gets a video on a pool of two, and uploads', async () => {
  const { stdout, stderr } = await runCode(
    gateway,
    `${CREATE}
    const { video_id } = await make()
    const asset = await sdk.assets.upload(new Blob(['png']), 'image/png')
    console.log(JSON.stringify([await sdk.videos.generation.get(video_id), asset]))`
  )
  const [job] = (await gateway.sim.state()).jobs
  expect(JSON.parse(stdout || stderr)).toMatchObject([
    { id: job?.id },
    { id: expect.any(String) as string, file_type: 'image' },
  ])
})

test('a full pool is told to it as HeyGen’s own 429', async () => {
  const { stdout, stderr } = await runCode(
    gateway,
    `${CREATE}
    await make()
    const { statusCode, message } = await make().catch((error) => error)
    console.log(JSON.stringify({ statusCode, message }))`
  )
  expect(JSON.parse(stdout || stderr)).toEqual({
    statusCode: 429,
    message: expect.stringContaining('slots') as string,
  })
})
