import type { Notes } from '../notes.js'
import { isDocument } from './folders/isDocument.js'

/** Notes files that lie beside the files of a data set and do not belong to it. */
export function noteBeside(paths: Iterable<string>, notes: Notes): void {
  for (const path of [...paths].sort())
    notes.add(isDocument(path, { inClass: false }) ? 'IGNORED_DOCUMENT' : 'IGNORED_BESIDE', path)
}
