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
/** Of what holds its pages or shapes as a drawing: a picture to its owner where it lies in a class, a document where it lies beside. */
const drawings = new Set(['pdf', 'svg'])

/**
 * Whether a file is, by its name, no picture and not meant as one (README, classes.txt, annotations): it is left aside, counted and told.
 * Anything else is judged by its content.
 */
export function isDocument(path: string, { inClass }: { inClass: boolean }): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const dot = name.lastIndexOf('.')
  const [stem, ending] = dot === -1 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)]
  return endings.has(ending) || (names.has(stem) && ending === '') || (!inClass && drawings.has(ending))
}
