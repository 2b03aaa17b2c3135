/** Numbers of several accounts added up. */
const DECIMAL = /^\s*-?\d+(\.\d+)?\s*$/

/**
 * Numbers, also as text; what is neither counts for nothing. Undefined: none of them is one. Money and credits have a few
 * decimals; what binary adds behind them is cut.
 */
export function totalOf(values: readonly unknown[]): number | undefined {
  const numbers = values.flatMap((value) => {
    if (typeof value === 'number' && Number.isFinite(value)) return [value]
    return typeof value === 'string' && DECIMAL.test(value) ? [Number(value)] : []
  })
  if (numbers.length === 0) return undefined
  return Number(numbers.reduce((sum, number) => sum + number, 0).toFixed(6))
}
