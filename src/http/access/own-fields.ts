/** What an own token sees, as the operator sets and sees it (docs/sees-own.md). */
import * as z from 'zod/mini'
import { GRANT_CHARS_MAX, GRANTS_MAX } from '#domain/visibility/own-scope.ts'
import { SEES, type TokenRecord } from '#domain/access/token.ts'

const grant = z.string().check(z.minLength(1), z.maxLength(GRANT_CHARS_MAX))
const grants = z.array(grant).check(z.maxLength(GRANTS_MAX))

export const ownForm = {
  sees: z.optional(z.enum(SEES)),
  grants: z.optional(grants),
}

export const ownView = {
  sees: z.enum(SEES),
  grants: z.array(z.string()),
}

type Fields = Pick<TokenRecord, 'sees' | 'grants'>

/** The fields that the form names, each id once. */
export function ownIn(form: { sees?: Fields['sees']; grants?: string[] | undefined }): Fields {
  return {
    ...(form.sees === undefined ? {} : { sees: form.sees }),
    ...(form.grants === undefined ? {} : { grants: [...new Set(form.grants)] }),
  }
}

export function ownShown({ sees = 'all', grants: ids = [] }: Fields) {
  return { sees, grants: ids }
}
