/** Endings of files that lie beside pictures and are none: texts, annotations, programs, office files. */
const endings = new Set(
  (
    'txt md markdown rst rtf log json jsonl ndjson xml csv tsv yaml yml toml ini cfg conf html htm css url webloc lnk ' +
    'py ipynb pyc r m js mjs ts sh bat ps1 doc docx xls xlsx ppt pptx odt ods odp tex bib db sqlite names data info license licence'
  ).split(' '),
)
const names = new Set([
  'readme',
  'license',
  'licence',
  'copying',
  'notice',
  'authors',
  'contributors',
  'changelog',
  'changes',
  'citation',
  'version',
  'manifest',
  'makefile',
  'dockerfile',
  'checksums',
  'md5sums',
  'sha256sums',
])
/**
 * Endings of drawings and pages. In the folder of a class their owner means them as pictures, elsewhere as documents.
 */
const drawings = new Set(['pdf', 'svg'])

/**
 * Whether a file's name says that it is not meant as a picture (README, classes.txt, annotations). Such a file is left
 * out and noted. Any other file is judged by its content.
 */
export function isDocument(path: string, { inClass }: { inClass: boolean }): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const dot = name.lastIndexOf('.')
  const [stem, ending] = dot === -1 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)]
  return endings.has(ending) || (names.has(stem) && ending === '') || (!inClass && drawings.has(ending))
}
