import { corruptionKinds, corruptionNames, Failure, severities, type CorruptionName, type Issue } from '@imclr/contract'
import type { Archive } from '../archive/archive.js'
import { checkNames, nameList, readList } from '../layout/textList.js'
import { maxIssues } from '../problems.js'
import { cifar10, cifar100 } from './classNames.js'
import { labelsOf, parseNpy } from './npy.js'

/**
 * A stored evaluation set as CIFAR-10-C is published: `labels.npy` and one `<corruption>.npy` each, severity 1 first.
 */
export interface StoredSet {
  classes: string[]
  /** Of one severity; all severities of all corruptions have the same, as preparing makes sure. */
  labels: Uint16Array
  severities: number
  height: number
  width: number
  /** In the benchmark's order; `file` is a place in `Archive.files`. */
  corruptions: { name: CorruptionName; file: number; path: string }[]
}

/** CIFAR-10-C's have 50 kB; ten million of eight bytes each. */
const maxLabelsBytes = 80 * 2 ** 20

const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/**
 * Null where the archive is none: it has no `labels.npy`, or no file that has the name of a corruption (`images.npy`
 * beside the labels is an ordinary data set).
 * @throws Failure DATASET_INVALID naming every file that does not fit
 */
export async function findStoredSet(archive: Archive): Promise<StoredSet | null> {
  const labelsFile = archive.files.findIndex(({ path }) => baseName(path) === 'labels.npy')
  if (labelsFile < 0) return null
  const issues: Issue[] = []
  const byName = new Map<string, CorruptionName>(corruptionNames.map((name) => [`${name}.npy`, name]))
  const taken = new Map<CorruptionName, string>()
  let strange = 0
  const found: StoredSet['corruptions'] = []
  for (const [file, { path }] of archive.files.entries()) {
    const name = baseName(path)
    if (file === labelsFile || !name.endsWith('.npy')) continue
    const corruption = byName.get(name)
    const earlier = corruption && taken.get(corruption)
    if (corruption && earlier === undefined) {
      taken.set(corruption, path)
      found.push({ name: corruption, file, path })
    } else if (++strange > maxIssues) continue
    else if (corruption)
      issues.push({
        path,
        code: 'CORRUPTION_TWICE',
        message: `it has the name of the corruption that ${earlier} holds`,
        fix: 'Keep one file for each corruption.',
      })
    else
      issues.push({
        path,
        code: 'UNKNOWN_CORRUPTION',
        message: 'it has the name of no corruption',
        fix: `Name it after one (${corruptionNames.join(', ')}), or remove it.`,
      })
  }
  if (found.length === 0) return null
  if (!found.some(({ name }) => corruptionKinds[name].benchmark))
    issues.push({
      path: '',
      code: 'NO_CORRUPTIONS',
      message: 'there is labels.npy, but no file of a corruption of the benchmark',
      fix: 'Add files such as gaussian_noise.npy, as CIFAR-10-C has them.',
    })
  if (issues.length > 0) throw invalid(...issues)
  found.sort((a, b) => corruptionNames.indexOf(a.name) - corruptionNames.indexOf(b.name))

  const labelsPath = archive.files[labelsFile]!.path
  const { bytes: labelsBytes } = archive.files[labelsFile]!
  if (labelsBytes > maxLabelsBytes)
    throw invalid({
      path: labelsPath,
      code: 'FILE_TOO_LARGE',
      message: `it has ${labelsBytes} bytes, at most ${maxLabelsBytes} are read of labels`,
      fix: 'Take the file anew from where it was published, or save the labels as uint8 or uint16.',
    })
  const every = await understood(labelsPath, async () => labelsOf(parseNpy(await archive.read(labelsFile))))
  const first = found[0]!
  const [, height, width] = (await understood(first.path, async () => picturesOf(await archive.read(first.file)))).shape
  const { labels, count } = divide(labelsPath, every)
  return {
    classes: await classNames(archive, labels),
    labels,
    severities: count,
    height: height!,
    width: width!,
    corruptions: found,
  }
}

/**
 * The pictures of one corruption.
 *
 * @throws Failure DATASET_INVALID where they are not those that the set says, or cannot be read
 */
export function picturesOfCorruption(
  file: { path: string; read: () => Promise<Uint8Array> },
  { labels, severities: count, height, width }: StoredSet,
): Promise<Uint8Array> {
  return understood(file.path, async () => {
    const pictures = picturesOf(await file.read())
    const expected = [count * labels.length, height, width, 3]
    if (pictures.shape.some((side, i) => side !== expected[i]))
      throw new Error(`its shape is (${pictures.shape.join(', ')}), not (${expected.join(', ')})`)
    return pictures.bytes
  })
}

function picturesOf(bytes: Uint8Array) {
  const array = parseNpy(bytes)
  const [, height, width, channels] = array.shape
  if (array.type !== '|u1' || array.shape.length !== 4 || channels !== 3)
    throw new Error(
      `pictures are uint8 of shape (n, height, width, 3), not ${array.type} of shape (${array.shape.join(', ')})`,
    )
  if (height! < 8 || width! < 8 || height! > 256 || width! > 256)
    throw new Error(`its pictures have ${width} x ${height} pixels; from 8 to 256 a side can be used`)
  return array
}

/** Labels are listed once per severity (CIFAR-10-C: 10,000, five times over). */
function divide(path: string, every: Uint16Array): { labels: Uint16Array; count: number } {
  const most = severities.length
  const length = every.length / most
  if (!Number.isInteger(length) || length === 0)
    throw invalid({
      path,
      code: 'LABELS',
      message: `it has ${every.length} labels, no multiple of ${most}`,
      fix: 'List the labels once for each of the 5 severities, severity 1 first.',
    })
  const labels = every.subarray(0, length)
  const strange = every.findIndex((label, i) => label !== labels[i % length])
  if (strange >= 0)
    throw invalid({
      path,
      code: 'LABELS',
      message: `label ${strange} is ${every[strange]}, but that image is ${labels[strange % length]} at severity 1`,
      fix: 'Every severity has the same images in the same order.',
    })
  return { labels, count: most }
}

/** As the archive says (`classes.txt`, a name a line), or those of CIFAR-10 and CIFAR-100 by their number. */
async function classNames(archive: Archive, labels: Uint16Array): Promise<string[]> {
  const file = archive.files.findIndex(({ path }) => baseName(path) === 'classes.txt')
  const count = labels.reduce((most, label) => Math.max(most, label), 0) + 1
  if (file < 0) {
    const known = [cifar10, cifar100].find((names) => names.length === count)
    if (known) return known
    throw invalid({
      path: 'labels.npy',
      code: 'CLASSES_UNKNOWN',
      message: `it numbers ${count} classes, neither CIFAR-10's nor CIFAR-100's`,
      fix: 'Add classes.txt, with the name of a class on each line, in the order of the numbers.',
    })
  }
  const names = await readList(archive, file, nameList)
  checkNames(names, archive.files[file]!.path)
  if (names.length < count || names.length < 2 || new Set(names).size !== names.length)
    throw invalid({
      path: archive.files[file]!.path,
      code: 'CLASSES',
      message: `it has ${names.length} names (${new Set(names).size} different ones); labels go up to ${count - 1}`,
      fix: 'Write the name of every class once, a line each.',
    })
  return names
}

async function understood<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    // What the system says is no fault of the file's.
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error
    throw invalid({
      path,
      code: 'NPY',
      message: error instanceof Error ? error.message : String(error),
      fix: 'Take the file anew from where it was published, or save it with numpy.save.',
    })
  }
}

const toldInMessage = 5
const invalid = (...issues: Issue[]) =>
  new Failure(
    'DATASET_INVALID',
    issues
      .slice(0, toldInMessage)
      .map(({ path, message }) => `${path}: ${message}`)
      .join('; ') + (issues.length > toldInMessage ? ' ...' : ''),
    { issues },
  )
