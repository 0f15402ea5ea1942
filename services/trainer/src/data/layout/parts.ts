import type { Split } from '@imclr/contract'
import type { Problems } from '../problems.js'

export type Role = Split | 'validation'

const words: Record<string, Role> = {
  train: 'train', training: 'train', extra: 'train',
  test: 'test', testing: 'test', t10k: 'test',
  val: 'validation', valid: 'validation', validation: 'validation', dev: 'validation',
  unlabelled: 'unlabelled', unlabeled: 'unlabelled', unsupervised: 'unlabelled',
}

/** The words of a name: `train-images-idx3-ubyte` has train, images, idx3, ubyte. */
export const wordsOf = (name: string): string[] => name.toLowerCase().split(/[^a-z0-9]+/).filter((word) => word !== '')

/** What a file is for, by the words of its name, or else of its folder's; null where they do not say. */
export function roleOf(path: string): Role | null {
  const [name = '', folder = ''] = path.split('/').reverse()
  return [...wordsOf(name), ...wordsOf(folder)].map((word) => (Object.hasOwn(words, word) ? words[word]! : null)).find((role) => role !== null) ?? null
}

/**
 * The split of each file. Where nothing is said, it is training data. A validation part is the test part where there is no other;
 * beside a test part there is no place for it, which becomes a problem of that file.
 * @returns null for a file that has no place
 */
export function settleParts(paths: readonly string[], problems: Problems): (Split | null)[] {
  const roles = paths.map((path) => roleOf(path) ?? 'train')
  const testWasGiven = roles.includes('test')
  return roles.map((role, i) => {
    if (role !== 'validation') return role
    if (!testWasGiven) return 'test'
    problems.add('file', { path: paths[i]!, code: 'VALIDATION_BESIDE_TEST', message: 'it is a validation part, and there is a test part', fix: "Remove it, name it train, or leave it out with onProblem 'skip'." })
    return null
  })
}
