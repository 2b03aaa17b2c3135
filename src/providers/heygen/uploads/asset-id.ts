/** Finds the id of an upload in its name, which for an image may be a key. */

const KEY = /^[a-z]+\/([^/]+)\//

export function isKey(id: string): boolean {
  return KEY.test(id)
}

/** The key of an image, `image/<id>/original.jpg`, contains the id. */
export function assetId(id: string): string {
  return KEY.exec(id)?.[1] ?? id
}
