/**
 * What a checker's sentence is about: its first words, without the names and numbers of one world. Two plans break the same promise if
 * their sentences are of one kind.
 */
const NAMES = /[\w.+-]+@[\w.-]+|\b(?:heygen|user|mark)[:-]\S+|\/\S*|\d+/g
const WORDS = 4

export function kindOf(sentence: string): string {
  return sentence.split(NAMES).join('').split(/\s+/).slice(0, WORDS).join(' ')
}
