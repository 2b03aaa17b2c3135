/** A sabotage of one text, and what it breaks. */
import type { Sabotage } from '../platform/build.ts'

export interface Written extends Sabotage {
  name: string
  /** What goes wrong. */
  harm: string
  /** With what the sentences of the checkers begin that see it. */
  breaks: readonly string[]
}

export interface PlantedFault {
  name: string
  /** What goes wrong. */
  harm: string
  /** With what the sentences of the checkers begin that see it. */
  breaks: readonly string[]
  sabotages: readonly Sabotage[]
  /** It is played over plans of the line (plans/line.ts). */
  isOfLine?: boolean
}
