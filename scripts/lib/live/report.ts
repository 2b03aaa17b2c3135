/** Writes the report of `npm run verify-live`. It is meant to be pasted into a public issue, so it has no value of any answer. */
import type { Finding, Seen } from './compare.ts'

export function reportOf(title: string, findings: readonly Finding[]): string {
  const asked = findings.filter(({ direct }) => direct !== undefined)
  const unasked = findings.filter(({ direct }) => direct === undefined)
  const differing = asked.filter(
    ({ directDiffers, throughDiffers }) => directDiffers.length + throughDiffers.length > 0
  )
  return [
    `## ${title}`,
    '',
    `${asked.length} reads, ${differing.length} with a difference, ${unasked.length} left out.`,
    '',
    '| call | provider | gateway |',
    '| --- | --- | --- |',
    ...asked.map((one) => `| ${one.name} | ${said(one.direct)} | ${said(one.through)} |`),
    '',
    ...differing.flatMap(linesOf),
    ...(unasked.length === 0
      ? []
      : ['Left out, because the account has nothing to ask about:', '']),
    ...unasked.map(({ name }) => `- ${name}`),
    '',
  ].join('\n')
}

function linesOf({ name, directDiffers, throughDiffers }: Finding): string[] {
  return [
    `${name}`,
    '',
    ...directDiffers.map((line) => `- provider: ${line}`),
    ...throughDiffers.map((line) => `- gateway: ${line}`),
    '',
  ]
}

function said(seen: Seen | undefined): string {
  if (!seen || seen.status === 0) return 'no answer'
  const { status, type, code, carried, lost, notices } = seen
  return [
    String(status),
    ...(code === undefined ? [] : [code]),
    ...(type === 'JSON' ? [] : [type]),
    ...(carried === undefined ? [] : [`by ${carried}`]),
    ...(lost === undefined ? [] : [`lost: ${lost}`]),
    ...(notices.length === 0 ? [] : [`with ${notices.join(', ')}`]),
  ].join(' · ')
}

/** Replaces what must not be public, wherever it stands. Nothing of it should be there. */
export function cleaned(report: string, secrets: readonly string[]): string {
  const long = secrets.filter((secret) => secret.length >= 4)
  return long
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replaceAll(secret, '…'), report)
}
