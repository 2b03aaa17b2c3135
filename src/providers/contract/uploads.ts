/**
 * The part `uploads`: uploads that can be read at one account and made again at another, for nothing, so that a creation can
 * run where they are not yet. It also says what an account's own avatars and voices are: uploads go where those are.
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
  /** Whether a row lists uploads. Copies of ours are left out of its answer. */
  isList(route: Route): boolean
  /** The upload that a call deletes, and how other names of the same upload begin. Undefined: it deletes none. */
  deleted(match: RouteMatch): { id: string; keyStart: string } | undefined
  /** The call that deletes one. */
  deletion(id: string): { method: string; path: string }
  /** Whether a refusal says that the account does not have an upload. */
  saysUnknown(answer: { status: number; body: unknown }): boolean
  /** Whether a row shows or makes avatars or voices of the account's own. */
  isLikenessRow(route: Route): boolean
  /** Whether an id in a call names such an avatar or voice. */
  isLikenessId(ref: IdRef): boolean
}

/** The body is `head`, the file's bytes, `tail`. `idAt`: JSON pointer to the new id in the answer. */
export interface AssetUpload {
  path: string
  contentType: string
  head: string
  tail: string
  idAt: string
}
