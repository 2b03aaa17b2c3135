/** Where an answer's shape differs from its documented example. */

/** null stands for any type, since most members may be null. */
export function findDifferences(example: unknown, got: unknown, at: string): string[] {
  if (example === null || got === null) return []
  if (kindOf(example) !== kindOf(got)) return [`${at} is ${kindOf(got)}, not ${kindOf(example)}`]
  if (Array.isArray(example)) return example.length ? inArray(example, got as unknown[], at) : []
  if (typeof example !== 'object') return []
  const wanted = example as Record<string, unknown>
  const members = got as Record<string, unknown>
  return [
    ...Object.keys(members)
      .filter((name) => !(name in wanted))
      .map((name) => `${at}/${name} is extra`),
    ...Object.keys(wanted).flatMap((name) =>
      name in members
        ? findDifferences(wanted[name], members[name], `${at}/${name}`)
        : [`${at}/${name} is missing`]
    ),
  ]
}

function inArray(example: unknown[], got: unknown[], at: string): string[] {
  return got.length ? findDifferences(example[0], got[0], `${at}/0`) : [`${at} is empty`]
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value
}
