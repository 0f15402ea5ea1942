import type { Notes } from '../notes.js'
import { isDocument } from './folders/isDocument.js'

/** Notes what lies beside the files that hold a data set and has no part in it. */
export function noteBeside(paths: Iterable<string>, notes: Notes): void {
  for (const path of [...paths].sort())
    notes.add(isDocument(path, { inClass: false }) ? 'IGNORED_DOCUMENT' : 'IGNORED_BESIDE', path)
}
