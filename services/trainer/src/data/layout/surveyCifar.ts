import { Failure } from '@imclr/contract'
import type { Split } from '@imclr/contract'
import type { Archive } from '../archive/archive.js'
import type { Problems } from '../problems.js'
import type { CifarRecords, Item, Survey } from './survey.js'

interface CifarFormat extends CifarRecords {
  train: RegExp
  test: RegExp
  names: string
}

/** As www.cs.toronto.edu/~kriz/cifar.html describes them: labels of a byte each, then 1,024 red, green and blue bytes. */
const formats: readonly CifarFormat[] = [
  { names: 'batches.meta.txt', train: /^data_batch_\d+\.bin$/, test: /^test_batch\.bin$/, labelBytes: 1, labelAt: 0, side: 32 },
  { names: 'fine_label_names.txt', train: /^train\.bin$/, test: /^test\.bin$/, labelBytes: 2, labelAt: 1, side: 32 },
]

const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** The CIFAR-10 and CIFAR-100 binary archives, known by the names of their files; null where it is neither. */
export async function surveyCifar(archive: Archive, problems: Problems): Promise<Survey | null> {
  const named = archive.files.map(({ path }, file) => ({ path, file, name: baseName(path) })).sort((a, b) => (a.path < b.path ? -1 : 1))
  const format = formats.find(({ names, train }) => named.some(({ name }) => name === names) && named.some(({ name }) => train.test(name)))
  if (!format) return null

  const ownNames = Buffer.from(await archive.read(named.find(({ name }) => name === format.names)!.file)).toString('utf8').split('\n').map((name) => name.trim()).filter((name) => name !== '')
  const classes = [...new Set(ownNames)].sort()
  const labelOf = ownNames.map((name) => classes.indexOf(name))
  const recordBytes = format.labelBytes + 3 * format.side ** 2
  const batches = named.flatMap(({ path, file, name }) => {
    const part: Split | null = format.train.test(name) ? 'train' : format.test.test(name) ? 'test' : null
    return part === null ? [] : [{ path, file, part, bytes: archive.files[file]!.bytes }]
  })
  const uneven = batches.filter(({ bytes }) => bytes === 0 || bytes % recordBytes !== 0)
  if (uneven.length > 0) {
    throw new Failure('DATASET_INVALID', `${uneven[0]!.path} has ${uneven[0]!.bytes} bytes, no multiple of ${recordBytes}`, {
      issues: uneven.map(({ path, bytes }) => ({ path, code: 'CIFAR_LENGTH', message: `it has ${bytes} bytes; records have ${recordBytes}`, fix: 'Take the archive anew from where it was published.' })),
    })
  }

  const items: Item[] = []
  let records: Uint8Array | undefined
  for (const { path, file, part } of batches) {
    records = await archive.read(file, records)
    for (let record = 0; record < records.length / recordBytes; record++) {
      const label = labelOf[records[record * recordBytes + format.labelAt]!]
      const itemPath = `${path}/${String(record).padStart(5, '0')}`
      if (label === undefined) problems.add('file', { path: itemPath, code: 'CIFAR_LABEL', message: `its label is ${records[record * recordBytes + format.labelAt]}; ${format.names} names ${ownNames.length} classes`, fix: 'Correct the label.' })
      else items.push({ path: itemPath, file, part, label, record })
    }
  }
  const testWasGiven = items.some(({ part }) => part === 'test')
  const { labelBytes, labelAt, side } = format
  return { layout: 'cifar-binary', classes, testWasGiven, items, cifar: { labelBytes, labelAt, side } }
}
