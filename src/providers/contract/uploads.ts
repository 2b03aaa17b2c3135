/**
 * The part `uploads`: how to read an upload at one account and make it again at another, free of charge, so that a creation can
 * run on an account that lacks the upload. It also says which ids are an account's own avatars and voices, because uploads go
 * to the account that has those.
 */
import type { IdRef, Route, RouteMatch } from './route-row.ts'

export interface ProviderUploads {
  /** The resource of ids of uploads, in the route table. */
  resource: string
  /** The GET whose JSON answer holds the URL of the bytes and the file's name. */
  read(id: string): { path: string; urlAt: string; nameAt: string }
  /** The POST that uploads a file and answers an id of the same kind as `id`. */
  upload(
    id: string,
    file: { type: string; name: string },
    /** A random text, 36 characters of `[0-9a-f-]`, that does not occur in the file. */
    boundary: string
  ): AssetUpload
  /** Whether a row lists uploads. The gateway leaves its asset copies out of the answer. */
  isList(route: Route): boolean
  /** The upload that a call deletes, and how other names of the same upload begin. Undefined: the call deletes no upload. */
  deleted(match: RouteMatch): { id: string; keyStart: string } | undefined
  /** The call that deletes this upload. */
  deletion(id: string): { method: string; path: string }
  /** Whether a refusal says that the account does not have an upload. */
  saysUnknown(answer: { status: number; body: unknown }): boolean
  /** Whether a row shows or makes avatars or voices of the account's own. */
  isLikenessRow(route: Route): boolean
  /** Whether an id in a call names such an avatar or voice. */
  isLikenessId(ref: IdRef): boolean
  /** The id of the upload or picture that a key names. Undefined: the text is no key. Absent: there are no keys. */
  idInKey?(key: string): string | undefined
}

/** The body is `head`, the file's bytes, `tail`. `idAt`: JSON pointer to the new id in the answer. */
export interface AssetUpload {
  path: string
  contentType: string
  head: string
  tail: string
  idAt: string
}
