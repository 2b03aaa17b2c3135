/** What was told about faults is signed, and in the form that its receiver reads (docs/alerts.md). */
import { createHmac } from 'node:crypto'
import type { Scene } from '../clients/scene.ts'

export function wrongAlerts({ alerts, receivers }: Scene): string[] {
  return alerts.flatMap(({ path, form, secret }) =>
    receivers
      .to(path)
      .filter((post) => post.path === path)
      .flatMap(({ body, headers }) => {
        const isSigned =
          createHmac('sha256', secret).update(body).digest('hex') === headers['signature']
        const told = JSON.parse(body) as Record<string, unknown>
        const text = told[TEXTS[form]]
        const isRight = typeof text === 'string' && text.length > 10 && text.length < 2000
        return isSigned && isRight ? [] : [`alerts: ${path} was told ${body.slice(0, 200)}`]
      })
  )
}

const TEXTS = { generic: 'text', slack: 'text', discord: 'content' } as const
