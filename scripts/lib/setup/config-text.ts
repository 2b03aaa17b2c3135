/** Reads and changes single lines of a wrangler.toml. Everything else in it stays as it is, comments too. */

/** The value of `name = "value"`, which must stand at the beginning of one line. */
export function valueOf(text: string, name: string): string {
  return lineOf(text, name).value
}

export function withValue(text: string, name: string, value: string): string {
  const { line } = lineOf(text, name)
  if (/["\\\n]/.test(value)) throw new Error(`${name} cannot have this value.`)
  return text.replace(line, () => line.replace(/"[^"]*"/, () => `"${value}"`))
}

/** `name` is a member of the whole file, so it stands before the first table. Other tables have names of their own. */
function lineOf(text: string, name: string): { line: string; value: string } {
  const [head = ''] = text.split(/^\[/m, 1)
  const where = name === 'name' ? head : text
  const [one, other] = [...where.matchAll(new RegExp(`^${name} = "([^"]*)"`, 'gm'))]
  if (!one || other) throw new Error(`The configuration must have one line ${name} = "…".`)
  return { line: one[0], value: one[1] ?? '' }
}

/** Whether the namespace with this binding has an id. Without one, wrangler makes the namespace or keeps the Worker's. */
export function hasNamespaceId(text: string, binding: string): boolean {
  return /^id = "/m.test(tableOf(text, binding))
}

export function withNamespaceId(text: string, binding: string, id: string): string {
  const table = tableOf(text, binding)
  return text.replace(table, () => `${table.trimEnd()}\nid = "${id}"\n${trailing(table)}`)
}

function trailing(table: string): string {
  return table.slice(table.trimEnd().length).slice(1)
}

/** From the line of the binding to the next table. */
function tableOf(text: string, binding: string): string {
  const [table] = new RegExp(`^binding = "${binding}"\n(?:(?!\\[)[^\n]*\n)*`, 'm').exec(text) ?? []
  if (table === undefined) throw new Error(`The configuration has no binding ${binding}.`)
  return table
}
