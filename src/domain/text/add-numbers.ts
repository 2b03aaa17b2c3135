/** Adds up numbers of several accounts. */
const DECIMAL = /^\s*-?\d+(\.\d+)?\s*$/

/**
 * The sum of the values that are numbers, or numbers as text. Undefined: none is. The result is rounded, because binary
 * fractions add digits that money and credits do not have.
 */
export function totalOf(values: readonly unknown[]): number | undefined {
  const numbers = values.flatMap((value) => {
    if (typeof value === 'number' && Number.isFinite(value)) return [value]
    return typeof value === 'string' && DECIMAL.test(value) ? [Number(value)] : []
  })
  if (numbers.length === 0) return undefined
  return Number(numbers.reduce((sum, number) => sum + number, 0).toFixed(6))
}
