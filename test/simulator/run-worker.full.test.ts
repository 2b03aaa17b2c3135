/** The way a Worker is started outside of wrangler's command line. */
import { expect, test } from 'vitest'
import { runWorker } from '../../scripts/lib/run-worker.ts'

const config = 'simulator/wrangler.toml'

test('a busy port is refused with EADDRINUSE', async () => {
  const first = await runWorker({ config })
  await expect(runWorker({ config, port: first.port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
  await first.dispose()
})

test('two Workers started at once have processes of their own, and one killed comes back', async () => {
  const [one, two] = await Promise.all([runWorker({ config }), runWorker({ config })])
  expect(one.pid).toBeTypeOf('number')
  expect(one.pid).not.toBe(two.pid)
  const killed = Number(one.pid)
  process.kill(killed, 'SIGKILL')
  await expect.poll(() => one.pid).not.toBe(killed)
  // The new process is there before it listens.
  const answers = () =>
    fetch(`${one.url}/__sim/state`).then(
      (answer) => answer.status,
      () => 0
    )
  await expect.poll(answers).toBe(200)
  expect((await fetch(`${two.url}/__sim/state`)).status).toBe(200)
  await Promise.all([one.dispose(), two.dispose()])
})
