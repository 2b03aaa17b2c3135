/** Finds the id of an upload in its name, which for an image may be a key. */

const KEY = /^[a-z]+\/([^/]+)\//

export function isKey(id: string): boolean {
  return KEY.test(id)
}

/** The key under which older calls name the picture of a look. Uploads have keys that end with an extension. */
export function keyOfLook(id: string): string {
  return `image/${id}/original`
}

/** The look that such a key names. */
export function lookIn(key: string): string | undefined {
  return /^image\/([^/]+)\/original$/.exec(key)?.[1]
}

/** What a key in one of these two forms names, as a whole. */
export function idInKey(key: string): string | undefined {
  return /^image\/([\w-]+)\/original(?:\.\w+)?$/.exec(key)?.[1]
}

/** The key of an image, `image/<id>/original.jpg`, contains the id. */
export function assetId(id: string): string {
  return KEY.exec(id)?.[1] ?? id
}
