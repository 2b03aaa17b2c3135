/**
 * A plot of hours: bars and lines as SVG. uPlot would take 22 of the page's 64 KiB for this. What the plot shows also stands in a
 * table, so it is hidden from screen readers.
 */
import { useState } from 'preact/hooks'

/** The size of the drawing, which is stretched to its place. */
const WIDTH = 1000
const HEIGHT = 200
const TICKS = 4

export interface Line {
  label: string
  /** A class of css/screens.css. */
  colour: 'good' | 'bad' | 'warn' | 'main' | 'off'
  /** null: nothing to draw. */
  values: (number | null)[]
  isBars?: boolean
  isDashed?: boolean
}

interface PlotProps {
  /** Epoch milliseconds. */
  times: number[]
  lines: Line[]
  /** How a number is written, on the axis and under the plot. */
  write: (value: number) => string
}

const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const HOUR = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

export function Plot({ times, lines, write }: PlotProps) {
  const [picked, setPicked] = useState<number>()
  const top = niceTop(Math.max(0, ...lines.flatMap(({ values }) => values.map((one) => one ?? 0))))
  const pick = (event: { offsetX: number; currentTarget: Element }) => {
    const share = event.offsetX / event.currentTarget.clientWidth
    setPicked(Math.min(times.length - 1, Math.max(0, Math.floor(share * times.length))))
  }
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => (top / TICKS) * (TICKS - index))
  return (
    <figure class="plot" aria-hidden="true">
      <div class="plot-ticks">
        {ticks.map((value) => (
          <span key={value}>{write(value)}</span>
        ))}
      </div>
      <svg
        viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`}
        preserveAspectRatio="none"
        onPointerMove={pick}
        onPointerLeave={() => setPicked(undefined)}
      >
        {ticks.map((value, index) => (
          <path
            key={value}
            class="grid"
            d={`M0 ${String((HEIGHT / TICKS) * index)}h${String(WIDTH)}`}
          />
        ))}
        {lines.map((line) => (
          <path key={line.label} class={classOf(line)} d={pathOf(line, top)} />
        ))}
        {picked !== undefined && (
          <path
            class="picked"
            d={`M${String(middleOf(picked, times.length))} 0v${String(HEIGHT)}`}
          />
        )}
      </svg>
      <div class="plot-times">{timesBelow(times)}</div>
      <figcaption class="plot-legend">
        <span class="moment">{picked === undefined ? '' : MOMENT.format(times[picked])}</span>
        {lines.map(({ label, colour, values }) => (
          <span key={label} class={`key ${colour}`}>
            {label}
            <b class="number">{picked === undefined ? '' : written(values[picked], write)}</b>
          </span>
        ))}
      </figcaption>
    </figure>
  )
}

function written(value: number | null | undefined, write: PlotProps['write']): string {
  return value === null || value === undefined ? '–' : write(value)
}

function classOf({ colour, isBars, isDashed }: Line): string {
  return [isBars ? 'bars' : 'line', colour, isDashed ? 'dashed' : ''].join(' ')
}

function middleOf(index: number, count: number): number {
  return round(((index + 0.5) / count) * WIDTH)
}

/** A line is broken where there is no value. A value between two gaps becomes a short dash. */
function pathOf({ values, isBars }: Line, top: number): string {
  const step = WIDTH / values.length
  const heightOf = (value: number) => round(HEIGHT - (value / top) * HEIGHT)
  if (isBars) {
    return values
      .map((value, index) =>
        value
          ? `M${String(round((index + 0.15) * step))} ${String(HEIGHT)}V${String(heightOf(value))}h${String(round(step * 0.7))}V${String(HEIGHT)}z`
          : ''
      )
      .join('')
  }
  return values
    .map((value, index) => {
      if (value === null) return ''
      const isFirst = index === 0 || values[index - 1] === null
      const isAlone = isFirst && (values[index + 1] ?? null) === null
      const move = `${isFirst ? 'M' : 'L'}${String(middleOf(index, values.length))} ${String(heightOf(value))}`
      return isAlone ? `${move}h${String(round(Math.min(6, step / 2)))}` : move
    })
    .join('')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** The next number above that four lines divide well. */
function niceTop(highest: number): number {
  if (highest <= TICKS) return TICKS
  const power = 10 ** Math.floor(Math.log10(highest))
  const tops = [1.2, 1.6, 2, 4, 6, 8].map((one) => one * power)
  return tops.find((one) => one >= highest && one % TICKS === 0) ?? 12 * power
}

function timesBelow(times: number[]) {
  const [first = 0, last = 0] = [times[0], times.at(-1)]
  const format = last - first > 172_800_000 ? DAY : HOUR
  const count = 6
  return Array.from({ length: count }, (_, index) => {
    const at = times[Math.round(((times.length - 1) / (count - 1)) * index)] ?? 0
    return <span key={at}>{format.format(at)}</span>
  })
}
