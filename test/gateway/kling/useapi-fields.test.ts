/** Members of useapi.net’s calls: pictures named by their places, and what has no place is refused by name. */
import { expect, test } from 'vitest'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import { addKling, creationsOf, klingRequests, withLongTasks } from '../../support/scenes/kling.ts'

const openGateway = withLongTasks(gatewaysOfTests())

test('a story shows its pictures in useapi.net’s view', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const fields = { prompt: 'x', story_mode: true, imageCount: 3 }
  const made = await gateway.post('/v1/kling/images/omni', fields)
  const { task } = (await made.json()) as { task: { id: string } }
  await gateway.sim.finishJobs()
  const view = await (await gateway.fetch(`/v1/kling/tasks/${task.id}`)).json()
  const work = { contentType: 'image', resource: { resource: expect.stringContaining('http') } }
  expect(view).toMatchObject({ status_name: 'succeed', works: [work, work, work] })
})

test.each([
  ['text2video', { shot_2_prompt: 'y' }],
  ['text2video', { shot_1_duration: 3 }],
  ['image2video-frames', { element_2: 'u_123' }],
])('%s: what the turbo model has no place for is refused by name: %o', async (name, more) => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const fields = { prompt: 'x', model_name: 'kling-v3-0-turbo', ...more }
  const answer = await gateway.post(`/v1/kling/videos/${name}`, fields)
  expect(answer.status).toBe(400)
  const { error } = (await answer.json()) as { error: string }
  expect(error).toContain(Object.keys(more)[0])
  expect(await creationsOf(gateway)).toEqual([])
})

test.each([
  ['all ten', 10, '<<<image_1>>>, <<<image_10>>>, <<<element_1>>>'],
  ['the first and the last', 2, '<<<image_1>>>, <<<image_2>>>, <<<element_1>>>'],
])('a prompt names its pictures by their places in the list: %s', async (_, count, prompt) => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const numbers = count === 10 ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1, 10]
  const made = await gateway.post('/v1/kling/images/omni', {
    prompt: '@image_1, @image_10, @element_2',
    element_2: 'u_829836802793406551',
    ...Object.fromEntries(
      numbers.map((number) => [`image_${number}`, `https://files.example.com/${number}.png`])
    ),
  })
  expect(made.status, await made.text()).toBe(200)
  const requests = await klingRequests(gateway)
  const sent = requests.find((one) => one.path === '/v1/images/omni-image')
  expect(JSON.parse(sent?.body ?? '')).toMatchObject({ prompt })
})
