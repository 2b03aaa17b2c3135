/** Finds out of the gateway's sentences which field is meant. They begin with its name: `maxJobs: must be …`, `email is empty`. */

export interface FormErrors {
  /** One sentence for each field that is wrong. */
  fields: Record<string, string>
  /** What belongs to no field of the form. */
  rest: string
}

export function errorsIn(message: string, names: readonly string[]): FormErrors {
  const fields: Record<string, string> = {}
  const rest: string[] = []
  for (const sentence of message.split(/(?<=[^.])\. (?=\w)/)) {
    const named = namesIn(sentence, names)
    if (named.length === 0) rest.push(sentence)
    for (const name of named) fields[name] ??= toWords(sentence, name)
  }
  return { fields, rest: rest.join('. ') }
}

function namesIn(sentence: string, names: readonly string[]): string[] {
  const [, missing] = /^([\w, ]+) (?:is|are) required/.exec(sentence) ?? []
  const found = missing?.split(/, | and /) ?? [/^(\w+)(?:: | is | must )/.exec(sentence)?.[1]]
  return found.filter((name): name is string => name !== undefined && names.includes(name))
}

/** The field stands beside its error, so that its name need not be in it. */
function toWords(sentence: string, name: string): string {
  if (/ (?:is|are) required/.test(sentence)) return 'This is needed.'
  const said = sentence.startsWith(`${name}: `) ? sentence.slice(name.length + 2) : sentence
  const words = said.startsWith(name) ? `This${said.slice(name.length)}` : said
  const whole = words.charAt(0).toUpperCase() + words.slice(1)
  return /[.?!]$/.test(whole) ? whole : `${whole}.`
}
