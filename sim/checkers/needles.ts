/** Looks for many texts in many texts, in the forms in which a text can hide. */

/** Each aligned window of a text is looked up, so a form must be at least twice as long, less one. */
const WINDOW = 8
const LEAST = 2 * WINDOW - 1

export class Needles {
  readonly #secretOf = new Map<string, string>()
  readonly #windows = new Set<string>()

  constructor(secrets: Iterable<string>) {
    for (const secret of secrets)
      for (const form of formsOf(secret)) if (form.length >= LEAST) this.#secretOf.set(form, secret)
    for (const form of this.#secretOf.keys())
      for (let at = 0; at + WINDOW <= form.length; at += 1)
        this.#windows.add(form.slice(at, at + WINDOW))
  }

  /** One of the secrets that the text holds. */
  findIn(text: string): string | undefined {
    for (let at = 0; at + WINDOW <= text.length; at += WINDOW)
      if (this.#windows.has(text.slice(at, at + WINDOW))) return this.#verified(text)
    return undefined
  }

  #verified(text: string): string | undefined {
    for (const [form, secret] of this.#secretOf) if (text.includes(form)) return secret
    return undefined
  }
}

function formsOf(secret: string): string[] {
  const half = Math.ceil(secret.length / 2)
  const hex = Buffer.from(secret).toString('hex')
  return [
    ...[secret, secret.slice(0, half), secret.slice(half), encodeURIComponent(secret)],
    ...[hex, hex.toUpperCase()],
    ...[0, 1, 2].flatMap((ahead) => {
      const base64 = inBase64(secret, ahead)
      return [base64, base64.replaceAll('+', '-').replaceAll('/', '_')]
    }),
  ]
}

/** As it stands in the base64 of a longer text, after so many bytes (modulo 3): without what its neighbours decide, too. */
function inBase64(secret: string, ahead: number): string {
  const bytes = Buffer.concat([Buffer.alloc(ahead), Buffer.from(secret)])
  const text = bytes.toString('base64')
  return text.slice(Math.ceil((ahead * 8) / 6), Math.floor((bytes.length * 8) / 6))
}
