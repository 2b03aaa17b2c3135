/** The names of one upload: its id, and for an image also a key. */

const KEY = /^[a-z]+\/([^/]+)\//

export function isKey(id: string): boolean {
  return KEY.test(id)
}

/** The key of an image, `image/<id>/original.jpg`, has the id in it. */
export function assetId(id: string): string {
  return KEY.exec(id)?.[1] ?? id
}
