import { platform } from '#composition/platform.ts'
import { newToken as makeToken } from '#domain/access/token.ts'

/** A well-formed token that no gateway has made. */
export function newToken(): string {
  return makeToken(platform.randomBytes)
}
