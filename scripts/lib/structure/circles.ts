/**
 * Finds circles of imports between rooms. Each folder is a room, and a folder inside it is another room. The `index.ts` of a folder
 * that contains folders is a room of its own, since it puts them together. Imports of types count.
 */
import path from 'node:path'
import { filesUnder, importsUnder, type Import, type Tree } from './tree.ts'

export const ROOTS = ['src', 'simulator', 'sim', 'test']

/** From a room to the rooms that it imports, with one import of each as an example. */
type Rooms = Map<string, Map<string, Import>>

function roomsUnder(tree: Tree, root: string): Rooms {
  const files = filesUnder(tree, root)
  const folders = new Set(files.map((file) => path.posix.dirname(file)))
  const roomOf = (file: string): string => {
    const folder = path.posix.dirname(file)
    const isContents = path.posix.basename(file) === 'index.ts'
    const hasRooms = [...folders].some((one) => one.startsWith(`${folder}/`))
    return isContents && hasRooms ? file : `${folder}/`
  }
  const rooms: Rooms = new Map(files.map((file) => [roomOf(file), new Map()]))
  for (const one of importsUnder(tree, root)) {
    if (!one.to?.startsWith(`${root}/`)) continue
    const [from, to] = [roomOf(one.from), roomOf(one.to)]
    if (from !== to && !rooms.get(from)?.has(to)) rooms.get(from)?.set(to, one)
  }
  return rooms
}

function reachable(rooms: Rooms, from: string): Set<string> {
  const found = new Set<string>()
  const open = [from]
  for (let room = open.pop(); room !== undefined; room = open.pop()) {
    for (const next of rooms.get(room)?.keys() ?? []) {
      if (found.has(next)) continue
      found.add(next)
      open.push(next)
    }
  }
  return found
}

/** The sets of rooms in which every room reaches every other. */
function knots(rooms: Rooms): string[][] {
  const reach = new Map([...rooms.keys()].map((room) => [room, reachable(rooms, room)]))
  const knotOf = (room: string): string[] =>
    [...rooms.keys()].filter(
      (other) => reach.get(room)?.has(other) === true && reach.get(other)?.has(room) === true
    )
  const all = [...rooms.keys()].filter((room) => reach.get(room)?.has(room)).map(knotOf)
  return [...new Map(all.map((knot) => [knot.join(' '), knot])).values()]
}

function arrows(rooms: Rooms, knot: string[]): string[] {
  return knot.flatMap((from) =>
    [...(rooms.get(from) ?? [])]
      .filter(([to]) => knot.includes(to))
      .map(([to, { from: file, name }]) => `  ${from} → ${to} (${file} imports ${name})`)
  )
}

export function circleProblems(tree: Tree): string[] {
  return ROOTS.flatMap((root) => {
    const rooms = roomsUnder(tree, root)
    return knots(rooms).map((knot) =>
      [`a circle between rooms: ${knot.join(', ')}`, ...arrows(rooms, knot)].join('\n')
    )
  })
}
