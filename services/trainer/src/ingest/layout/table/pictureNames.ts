import { isDocument } from '../folders/isDocument.js'
import { roleOf } from '../splitRoles.js'

const pictureEnding = /\.(jpe?g|jfif|png|gif|webp|bmp|dib|tiff?|avif|hei[cf]|svg|jp2|ppm|pgm|dng|cr2|nef|arw)$/i

/** Whether a file is meant as a picture, by its name alone: one without an ending may be one. */
export function isPictureName(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return pictureEnding.test(name) || (!/\.[\p{L}\p{N}]{1,10}$/u.test(name) && !isDocument(path, { inClass: true }))
}

/** The path without the ending of a picture. */
export const withoutEnding = (path: string): string => path.replace(pictureEnding, '')

/** The folder that all paths lie in, with its slash; '' where there is none. */
export function sharedFolder(paths: readonly string[]): string {
  let [shared] = paths
  if (shared === undefined) return ''
  shared = shared.slice(0, shared.lastIndexOf('/') + 1)
  for (const path of paths)
    while (!path.startsWith(shared)) shared = shared.slice(0, shared.lastIndexOf('/', shared.length - 2) + 1)
  return shared
}

/**
 * The names of the folders that would be classes if there were no table: below what all pictures share, and below
 * folders named after splits.
 */
export function classFoldersOf(pictures: readonly string[]): string[] {
  const { length } = sharedFolder(pictures)
  const names = new Set<string>()
  for (const path of pictures) {
    const folders = path.slice(length).split('/').slice(0, -1)
    const name = folders.find((folder) => roleOf(folder) === null)
    if (name !== undefined) names.add(name)
  }
  return [...names]
}
