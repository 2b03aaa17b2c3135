import { expect, test } from 'vitest'
import { CLOCKED, stopped, untilMoved } from '../../support/clock/clock.ts'
import { ADMIN_TOKEN, MASTER_KEYS, openGateway, until } from '../../support/gateway.ts'

/** Canaries: none of these may stand in a log line or an answer. */
const KEY = 'sk_test_canary_7d1f0b9e'
const PASSWORD = 'canary-password-51c2'

test('no credential or token is in a log line, an answer, or an error, whatever happens [I6]', async () => {
  const gateway = await stopped(openGateway({ entry: CLOCKED, simVars: { JOB_MS: '200' } }))
  const answers: string[] = []
  const keep = async (answer: Response) => {
    answers.push(JSON.stringify([...answer.headers]), await answer.text())
    return answer
  }
  try {
    const { token } = gateway
    await gateway.sim.addAccount('canary@example.com', KEY, { password: PASSWORD })
    const accounts = '/v1/heygen/accounts'
    await keep(
      await gateway.post(accounts, { email: 'canary@example.com', apiKey: KEY, maxJobs: 2 })
    )
    await keep(
      await gateway.post(accounts, { email: 'canary@example.com', password: PASSWORD, maxJobs: 2 })
    )
    await keep(
      await gateway.post(accounts, {
        email: 'canary@example.com',
        apiKey: `${KEY}wrong`,
        maxJobs: 2,
      })
    )
    await keep(
      await gateway.post(accounts, { email: 'canary@example.com', apiKey: KEY, maxJobs: 99 })
    )
    await keep(
      await gateway.post(accounts, { email: 'canary@example.com', apiKey: KEY, maxJobs: 2 })
    )
    await keep(await gateway.fetch(accounts))
    await keep(await gateway.createVideo())
    for (const effect of [
      { status: 401 },
      { status: 500 },
      { reset: 'before' },
      { badJson: true },
      { redirect: `https://example.com/?key=${KEY}` },
    ]) {
      await gateway.sim.fault({ times: 1, effect })
      await keep(await gateway.createVideo({ callback_id: 'c' }))
      await keep(
        await gateway.post(accounts, { email: 'canary@example.com', apiKey: KEY, maxJobs: 2 })
      )
      await gateway.sim.fault({ times: 1, effect })
      await keep(await gateway.fetch('/heygen/v3/users/me'))
      await gateway.sim.clearFaults()
      await keep(
        await gateway.post(accounts, { email: 'canary@example.com', apiKey: KEY, maxJobs: 2 })
      )
    }
    await keep(
      await fetch(`${gateway.url}/v1/heygen/accounts`, {
        headers: { authorization: `Bearer ${token}x` },
      })
    )
    // The alarms have asked about every job by then.
    await untilMoved(gateway, async () => (await gateway.heldSlots()) === 0)
    await until(async () => gateway.logs.length > 3)
    const said = [...gateway.logs, ...answers].join('\n')
    expect(answers.length).toBeGreaterThan(40)
    for (const secret of [KEY, PASSWORD, token, ADMIN_TOKEN, MASTER_KEYS.slice(3)]) {
      expect(said.includes(secret), secret.slice(0, 8)).toBe(false)
    }
  } finally {
    await gateway.dispose()
  }
})
