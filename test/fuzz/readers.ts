import { gzipSync } from 'node:zlib'
import { noise, pngOf } from '../support/png.js'
import { idxOf, matArray, matCompressed, matFile, npyOf, pickleOf, type Pickled } from './formats/arrays.js'
import { tarGzipped, tarred, zipped, type Entries } from './formats/archives.js'
import { parquetOf } from './formats/parquet.js'
import {
  avifTwisted,
  bmpTwisted,
  gifTwisted,
  jpegTwisted,
  pngTwisted,
  tiffTwisted,
  webpTwisted,
} from './formats/pictures.js'
import { type Twists } from './twists.js'

/** How one reader's files are written; without edits the upload is an honest one. */
export interface Reader {
  name: string
  /** An archive's entries, or an upload that is one file. */
  write(twists: Twists): Entries | Buffer
  /**
   * Bytes of memory that it may take whatever its size: a picture of as many pixels as are allowed is decoded whole.
   */
  spare?: number
}

const side = 8
const count = 12
const labels = Uint8Array.from({ length: count }, (_, i) => i % 3)
const names = ['ant', 'bee', 'cat']
const text = (lines: readonly string[], twists: Twists): Buffer =>
  Buffer.from(
    `${twists
      .list(lines, 8)
      .map((line) => twists.text(line))
      .join('\n')}\n`,
  )

export const png = (seed: number, size = side): Buffer =>
  pngOf(noise(seed, size * size * 3), { height: size, width: size })
const pictures = Array.from({ length: count }, (_, i) => png(i))

const cifarRecords = (seed: number, labelBytes: number): Buffer =>
  Buffer.concat(
    Array.from({ length: count }, (_, i) =>
      Buffer.concat([Buffer.alloc(labelBytes, i % 3), noise(seed * 100 + i, 3072)]),
    ),
  )
const cifarBatch = (seed: number): Map<string, Pickled> =>
  new Map<string, Pickled>([
    ['batch_label', 'a batch'],
    ['labels', Array.from(labels)],
    ['data', { shape: [count, 3072], values: noise(seed, count * 3072) }],
    ['filenames', Array.from(labels, (_, i) => `picture_${i}.png`)],
  ])
const stored = (seed: number, twists: Twists): Buffer =>
  npyOf({ type: '|u1', shape: [5 * count, side, side, 3], values: noise(seed, 5 * count * side * side * 3) }, twists)
const svhn = (seed: number, compress: boolean, twists: Twists): Buffer => {
  const arrays = [
    matArray({ name: 'X', shape: [side, side, 3, 20], values: noise(seed, side * side * 3 * 20) }, twists),
    matArray({ name: 'y', shape: [20, 1], values: Uint8Array.from({ length: 20 }, (_, i) => 1 + (i % 10)) }, twists),
  ]
  return matFile(compress ? arrays.map((array) => matCompressed(array, twists)) : arrays, twists)
}
const rows = pictures.map((bytes, i) => ({ bytes, label: i % 3 }))
const table = (lines: string[][], twists: Twists): Buffer =>
  Buffer.from(
    twists
      .list(lines, 20)
      .map((fields) =>
        twists
          .list(fields, 8)
          .map((field) => twists.text(field))
          .join(','),
      )
      .join('\n'),
  )
/** One picture of a format behind those of two classes: what it has too much of goes beyond the end. */
const ofFormat = (name: string, written: (twists: Twists) => Buffer): Reader => ({
  name,
  spare: 800 * 2 ** 20,
  write: (t) => [
    ...pictures.slice(0, 6).map((bytes, i): Entries[number] => [`${names[i % 2]!}/${i}.png`, bytes]),
    ['bee/it', written(t)],
  ],
})
const inFolder = (): Entries => pictures.map((bytes, i) => [`img/${i}.png`, bytes])

export const readers: readonly Reader[] = [
  {
    name: 'npy',
    write: (t) => [
      [
        'x_train.npy',
        npyOf({ type: '|u1', shape: [count, side, side, 3], values: noise(1, count * side * side * 3) }, t),
      ],
      ['y_train.npy', npyOf({ type: '|u1', shape: [count], values: labels }, t)],
    ],
  },
  {
    name: 'npy in Fortran order',
    write: (t) => [
      [
        'x.npy',
        npyOf(
          { type: '|u1', shape: [count, 3, side, side], values: noise(1, count * side * side * 3), fortran: true },
          t,
        ),
      ],
      ['y.npy', npyOf({ type: '<u2', shape: [count, 1], values: Buffer.from(Uint16Array.from(labels).buffer) }, t)],
    ],
  },
  {
    name: 'npz',
    write: (t) =>
      zipped([
        ['images.npy', npyOf({ type: '|u1', shape: [count, side, side], values: noise(1, count * side * side) }, t)],
        ['labels.npy', npyOf({ type: '|u1', shape: [count], values: labels }, t)],
      ]),
  },
  {
    name: 'idx',
    write: (t) => [
      ['train-images-idx3-ubyte', idxOf([count, side, side], noise(1, count * side * side), t)],
      ['train-labels-idx1-ubyte', idxOf([count], labels, t)],
    ],
  },
  {
    name: 'idx, gzipped',
    write: (t) => [
      ['train-images-idx3-ubyte.gz', gzipSync(idxOf([count, side, side], noise(1, count * side * side), t))],
      ['train-labels-idx1-ubyte.gz', gzipSync(idxOf([count], labels, t))],
    ],
  },
  {
    name: 'mat',
    write: (t) => [
      ['train_32x32.mat', svhn(1, false, t)],
      ['test_32x32.mat', svhn(2, false, t)],
    ],
  },
  { name: 'mat, compressed', write: (t) => svhn(3, true, t) },
  { name: 'parquet', write: (t) => parquetOf(rows, { names }, t) },
  {
    name: 'parquet, gzip and a second page version',
    write: (t) => [['train.parquet', parquetOf(rows, { names, codec: 2, pageVersion: 2 }, t)]],
  },
  {
    name: 'parquet, Snappy and a dictionary',
    write: (t) => [
      ['train.parquet', parquetOf(rows, { codec: 1, dictionary: true }, t)],
      ['test.parquet', parquetOf(rows.slice(6), { codec: 1 }, t)],
    ],
  },
  {
    name: 'CIFAR, pickled',
    write: (t) => [
      ['batches.meta', pickleOf(new Map([['label_names', names]]), t)],
      ['data_batch_1', pickleOf(cifarBatch(1), t)],
      ['test_batch', pickleOf(cifarBatch(2), t)],
    ],
  },
  {
    name: 'CIFAR-10, binary',
    write: (t) => [
      ['c/batches.meta.txt', text(names, t)],
      ['c/data_batch_1.bin', t.bytes(cifarRecords(1, 1))],
      ['c/test_batch.bin', t.bytes(cifarRecords(2, 1))],
    ],
  },
  {
    name: 'CIFAR-100, binary',
    write: (t) => [
      ['fine_label_names.txt', text(names, t)],
      ['coarse_label_names.txt', text(names, t)],
      ['train.bin', t.bytes(cifarRecords(1, 2))],
      ['test.bin', t.bytes(cifarRecords(2, 2))],
    ],
  },
  {
    name: 'STL-10',
    write: (t) => [
      ['s/class_names.txt', text(names, t)],
      ['s/train_X.bin', t.bytes(noise(1, 3 * 27_648))],
      ['s/train_y.bin', t.bytes(Buffer.from([1, 2, 3]))],
      ['s/test_X.bin', t.bytes(noise(2, 3 * 27_648))],
      ['s/test_y.bin', t.bytes(Buffer.from([1, 2, 3]))],
      ['s/unlabeled_X.bin', t.bytes(noise(3, 27_648))],
      ['s/fold_indices.txt', text(['0 1', '2'], t)],
    ],
  },
  {
    name: 'Tiny ImageNet',
    write: (t) => [
      ['wnids.txt', text(['n01', 'n02', 'n03'], t)],
      ['words.txt', text(['n01\tgoldfish, Carassius auratus', 'n02\tcrane', 'n03\tcrane, bird'], t)],
      ...pictures.map((bytes, i): Entries[number] => [`train/n0${1 + (i % 3)}/images/${i}.JPEG`, bytes]),
      [
        'val/val_annotations.txt',
        text(
          [0, 1, 2].map((i) => `val_${i}.JPEG\tn0${i + 1}\t0\t0\t9\t9`),
          t,
        ),
      ],
      ...[0, 1, 2].map((i): Entries[number] => [`val/images/val_${i}.JPEG`, png(50 + i)]),
    ],
  },
  {
    name: 'a stored evaluation set',
    write: (t) => [
      [
        'labels.npy',
        npyOf({ type: '|u1', shape: [5 * count], values: Buffer.concat(Array.from({ length: 5 }, () => labels)) }, t),
      ],
      ['classes.txt', text(names, t)],
      ['fog.npy', stored(1, t)],
      ['gaussian_noise.npy', stored(2, t)],
    ],
  },
  {
    name: 'labels.csv',
    write: (t) => [
      [
        'labels.csv',
        table([['path', 'label', 'split'], ...pictures.map((_, i) => [`img/${i}.png`, names[i % 3]!, 'train'])], t),
      ],
      ...inFolder(),
    ],
  },
  {
    name: 'JSON lines',
    write: (t) => [
      [
        'rows.jsonl',
        text(
          pictures.map((_, i) =>
            JSON.stringify({ path: t.text(`img/${i}.png`), label: t.text(names[i % 3]!), more: t.list([i]) }),
          ),
          t,
        ),
      ],
      ...inFolder(),
    ],
  },
  {
    name: 'folders',
    write: (t) =>
      t.list(pictures, 200).map((bytes, i): Entries[number] => [`${t.text(names[i % 3]!)}/${i}.png`, t.bytes(bytes)]),
  },
  ofFormat('PNG', pngTwisted),
  ofFormat('JPEG', (t) => jpegTwisted(false, t)),
  ofFormat('JPEG, progressive', (t) => jpegTwisted(true, t)),
  ofFormat('WebP', webpTwisted),
  ofFormat('GIF', gifTwisted),
  ofFormat('AVIF', avifTwisted),
  ofFormat('TIFF', tiffTwisted),
  ofFormat('BMP', (t) => bmpTwisted(false, t)),
  ofFormat('BMP, runs', (t) => bmpTwisted(true, t)),
]

/** How the entries become an upload. */
export const packings = {
  zip: (entries: Entries): Buffer => zipped(entries),
  'stored zip': (entries: Entries): Buffer => zipped(entries, 0),
  tar: (entries: Entries, twists: Twists): Buffer => tarred(entries, twists),
  'tar.gz': (entries: Entries, twists: Twists): Buffer => tarGzipped(entries, twists),
}
export type Packing = keyof typeof packings
