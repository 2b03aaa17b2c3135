/** Reads the text format of Prometheus, version 0.0.4, and refuses whatever the format does not allow. */

export interface Metric {
  name: string
  help: string
  type: string
  samples: { labels: Record<string, string>; value: number }[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y
const TYPES = ['gauge', 'counter', 'histogram', 'summary', 'untyped']

export function readMetrics(text: string): Map<string, Metric> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const metrics = new Map<string, Metric>()
  const series = new Set<string>()
  let current: Metric | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (kind === 'HELP') {
      if (!NAME.test(name) || metrics.has(name)) throw new Error(`a second or odd metric: ${line}`)
      current = { name, help: rest, type: '', samples: [] }
      metrics.set(name, current)
      continue
    }
    if (kind === 'TYPE') {
      const isInOrder =
        current?.name === name && current.type === '' && current.samples.length === 0
      if (!current || !isInOrder || !TYPES.includes(rest)) throw new Error(`an odd type: ${line}`)
      current.type = rest
      continue
    }
    const [, sample = '', labels = '', value = ''] = SAMPLE.exec(line) ?? []
    if (!current || sample !== current.name) throw new Error(`a sample out of its group: ${line}`)
    const key = line.slice(0, line.lastIndexOf(' '))
    if (series.has(key)) throw new Error(`a series twice: ${line}`)
    series.add(key)
    if (value === '' || !Number.isFinite(Number(value))) throw new Error(`no number: ${line}`)
    current.samples.push({ labels: readLabels(labels), value: Number(value) })
  }
  for (const { name, type, samples } of metrics.values())
    if (type === '' || samples.length === 0) throw new Error(`${name} has no type or no sample`)
  return metrics
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (let at = 0; at < text.length; at = LABEL.lastIndex) {
    LABEL.lastIndex = at
    const [, name, value = ''] = LABEL.exec(text) ?? []
    if (name === undefined || name in labels) throw new Error(`odd labels: ${text}`)
    labels[name] = value.replaceAll(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))
  }
  return labels
}
