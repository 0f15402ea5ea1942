import { roleOf } from './splitRoles.js'
import type { Item, DetectedLayout, LayoutContext } from './detectedLayout.js'
import { findTables } from './table/findTables.js'
import { PathMatcher } from './table/matchPath.js'
import { noteReading } from './table/noteReading.js'
import { classFoldersOf, isPictureName, sharedFolder } from './table/pictureNames.js'
import { readTables } from './table/readTables.js'
import { settleSplits } from './table/settleSplits.js'

/**
 * The layouts of tables beside the pictures, as people write them: values with separators or an object in each line
 * (`.jsonl`), one table for all pictures or one for each part, with columns for the file, its label and perhaps its
 * split. Where no row says test, the test part is cut later. What was assumed is noted. Null where there is no table.
 *
 * @throws Failure DATASET_INVALID when the table cannot be read as one, there are several that say the same, or its
 * paths are not the archive's
 */
export async function detectTable(
  context: Pick<LayoutContext, 'archive' | 'options' | 'problems' | 'notes' | 'maxImages'>,
): Promise<DetectedLayout | null> {
  const { archive, notes, problems } = context
  const paths = archive.files.map(({ path }) => path)
  const pictures = paths.filter(isPictureName)
  const classFolders = classFoldersOf(pictures)
  const matcher = new PathMatcher(paths)
  const tables = await findTables(context, { classFolders, pictures, matcher })
  if (tables === null) return null
  for (const table of tables) noteReading(table, notes)
  if (classFolders.length > 1)
    notes.add(
      'FOLDERS_BESIDE_TABLE',
      `${tables[0]!.path}; folders ${classFolders.slice(0, 5).join(', ')}${classFolders.length > 5 ? ', ...' : ''}`,
      classFolders.length,
    )

  const { rowsByFile, matched, missing } = await readTables(tables, context, matcher)
  const { items, classes, testWasGiven } = settleSplits(tables, rowsByFile, context)
  if (matched + missing === 0)
    problems.add('file', {
      path: tables[0]!.path,
      code: 'TABLE_EMPTY',
      message: 'it has a header and no row that can be used',
      fix: 'Write a line for each picture: its path and its label.',
    })

  const own = new Set(tables.map(({ path }) => path))
  const around = sharedFolder(pictures).length
  const roleOfFolder = (path: string) => roleOf(path.slice(around).split('/').slice(0, -1)[0] ?? '')
  const namedFolders = new Set(
    paths.flatMap((path, file) =>
      rowsByFile.isSeen(file) ? (path.slice(around).split('/').slice(0, -1)[0] ?? '') : [],
    ),
  )
  for (const [file, path] of paths.entries()) {
    if (rowsByFile.isSeen(file) || own.has(path)) continue
    const role = roleOfFolder(path)
    if (!isPictureName(path)) notes.add('IGNORED_DOCUMENT', path)
    else if ((role === 'test' || role === 'unlabelled') && !namedFolders.has(path.slice(around).split('/')[0]!))
      items.push(unlabelledItem(path, file, role))
    else if (2 * matched > matched + missing)
      problems.add('file', {
        path,
        code: 'NOT_IN_TABLE',
        message: `${tables.map((table) => table.path.slice(table.folder.length)).join(', ')} does not name it`,
        fix: 'Add a row for it, or remove it.',
      })
    else notes.add('IGNORED_BESIDE', path)
  }
  return {
    layout: tables[0]!.dialect.kind === 'json' ? 'json-lines' : 'labels.csv',
    classes,
    testWasGiven,
    items,
    pixels: { kind: 'pictures', files: archive },
    folds: null,
  }

  /** Test pictures of a folder that no row names have no labels, as in competitions. */
  function unlabelledItem(path: string, file: number, role: 'test' | 'unlabelled'): Item {
    notes.add(role === 'test' ? 'TEST_PART_UNLABELLED' : 'TAKEN_FOR_SPLIT', path)
    return { path, file, split: 'unlabelled', label: -1 }
  }
}
