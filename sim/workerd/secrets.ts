/** Looks for very many secrets in much text: by their beginnings, so that one pass is enough. */
const BEGIN = 9

export function secretsIn(secrets: readonly string[]): (text: string) => string[] {
  const byBegin = Map.groupBy(new Set(secrets), (secret) => secret.slice(0, BEGIN))
  return (text) => {
    const found = new Set<string>()
    for (let at = 0; at + BEGIN <= text.length; at += 1) {
      const some = byBegin.get(text.slice(at, at + BEGIN))
      const secret = some?.find((one) => text.startsWith(one, at))
      if (secret !== undefined) found.add(secret)
    }
    return [...found]
  }
}
