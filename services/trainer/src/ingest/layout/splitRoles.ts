import type { Split } from '@imclr/contract'
import type { Notes } from '../notes.js'

/** The words for splits in the names of folders, tables and arrays. */
const vocabulary: Record<string, Split> = {
  train: 'train',
  training: 'train',
  trn: 'train',
  extra: 'train',
  test: 'test',
  testing: 'test',
  tst: 'test',
  t10k: 'test',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  dev: 'validation',
  development: 'validation',
  eval: 'validation',
  evaluation: 'validation',
  holdout: 'validation',
  unlabelled: 'unlabelled',
  unlabeled: 'unlabelled',
  unsup: 'unlabelled',
  unsupervised: 'unlabelled',
  pred: 'unlabelled',
  predict: 'unlabelled',
}

/**
 * The words of a name, without numbers at their ends: `train-images-idx3-ubyte` has train, images, idx, ubyte;
 * `TrainingSet2017` has training, set.
 */
export const wordsOf = (name: string): string[] =>
  name
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .map((word) => word.replace(/\d+$/, ''))
    .filter((word) => word !== '')

/**
 * The split that a name names, alone or among other words (`seg_train`, `train_set`, `TrainingSet`); null if it names
 * none, or two.
 */
export function roleOf(name: string): Split | null {
  const roles = new Set(
    wordsOf(name).flatMap((word) =>
      [word, word.replace(/sets?$/, '')].flatMap((form) => (Object.hasOwn(vocabulary, form) ? vocabulary[form]! : [])),
    ),
  )
  return roles.size === 1 ? [...roles][0]! : null
}

/** The split that a file's own name names, or else its folder's; null if neither does. */
function roleOfPath(path: string): Split | null {
  const [name = '', folder = ''] = path.split('/').reverse()
  return roleOf(name.replace(/\.[^.]*$/, '')) ?? roleOf(folder)
}

/** The split of each file, by its path. See `settleRoles`. */
export const splitsByPath = (paths: readonly string[], notes: Notes): Split[] =>
  settleRoles(paths.map(roleOfPath), { names: paths, notes })

/**
 * The split of each part by the role that its name gives it. A part without a role is training data. Without a test
 * part, the validation part becomes the test part, and a note says so.
 * @param names of the parts, for the note
 */
export function settleRoles(
  roles: readonly (Split | null)[],
  { names, notes }: { names: readonly string[]; notes: Notes },
): Split[] {
  const settled = roles.map((role) => role ?? 'train')
  if (settled.includes('test')) return settled
  return settled.map((role, i) => {
    if (role !== 'validation') return role
    notes.add('VALIDATION_IS_TEST', names[i]!)
    return 'test'
  })
}
