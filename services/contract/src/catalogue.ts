/**
 * Data sets that this service reads as their authors publish them. The service downloads nothing: the user fetches the
 * file from its address and uploads it. The channel statistics describe the training part, 0..255, as papers quote
 * them; they are null if we know of no source. A hash says which file we mean, not that the file is genuine; it is null
 * if we know of none.
 */
import { z } from 'zod'

const channels = z.tuple([z.number(), z.number(), z.number()])

export const catalogueEntry = z.object({
  name: z.string(),
  title: z.string(),
  homepage: z.url(),
  licence: z.string(), // in the authors' words, if they state one
  citation: z.string(),
  files: z.array(
    z.object({
      address: z.url(),
      bytes: z.int().positive(),
      md5: z
        .string()
        .regex(/^[0-9a-f]{32}$/)
        .nullable(),
      needed: z.boolean(), // false: another form of the same data, or additional data
    }),
  ),
  format: z.string(), // the beginning of a version's `format`, before 'in'
  classes: z.int().min(2),
  picture: z.object({ height: z.int(), width: z.int() }),
  counts: z.object({ train: z.int(), test: z.int(), unlabelled: z.int() }),
  channelMean: channels.nullable(),
  channelStd: channels.nullable(),
})
export type CatalogueEntry = z.infer<typeof catalogueEntry>

const krizhevsky =
  'A. Krizhevsky. Learning Multiple Layers of Features from Tiny Images. Technical report, University of Toronto, 2009.'
const notStated = 'Not stated by the authors.'

/**
 * We took the sizes and hashes from others and fetched no file to check them. Those of STL-10, SVHN and Fashion-MNIST
 * come from torchvision 0.29. Copies that somebody packed anew have other sizes and hashes.
 */
export const catalogue: readonly CatalogueEntry[] = [
  {
    name: 'cifar10',
    title: 'CIFAR-10',
    homepage: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    licence: notStated,
    citation: krizhevsky,
    files: [
      {
        address: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
        bytes: 170_052_171,
        md5: 'c32a1d4ab5d03f1284b67883e8d87530',
        needed: true,
      },
      {
        address: 'https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz',
        bytes: 170_498_071,
        md5: 'c58f30108f718f92721af3b95e74349a',
        needed: false,
      },
    ],
    format: 'cifar-binary',
    classes: 10,
    picture: { height: 32, width: 32 },
    counts: { train: 50_000, test: 10_000, unlabelled: 0 },
    channelMean: [125.3, 123, 113.9],
    channelStd: [63, 62.1, 66.7],
  },
  {
    name: 'cifar100',
    title: 'CIFAR-100',
    homepage: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    licence: notStated,
    citation: krizhevsky,
    files: [
      {
        address: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
        bytes: 168_513_733,
        md5: '03b5dce01913d631647c71ecec9e9cb8',
        needed: true,
      },
      {
        address: 'https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz',
        bytes: 169_001_437,
        md5: 'eb9058c3a382ffc7106e4002c42a8d85',
        needed: false,
      },
    ],
    format: 'cifar-binary',
    classes: 100,
    picture: { height: 32, width: 32 },
    counts: { train: 50_000, test: 10_000, unlabelled: 0 },
    channelMean: [129.3, 124.1, 112.4],
    channelStd: [68.2, 65.4, 70.4],
  },
  {
    name: 'stl10',
    title: 'STL-10',
    homepage: 'https://cs.stanford.edu/~acoates/stl10/',
    licence: 'Not stated by the authors; the images come from ImageNet.',
    citation:
      'A. Coates, H. Lee, A. Y. Ng. An Analysis of Single-Layer Networks in Unsupervised Feature Learning. AISTATS, 2011.',
    files: [
      {
        address: 'http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz',
        bytes: 2_640_397_119,
        md5: '91f7769df0f17e558f3565bffb0c7dfb',
        needed: true,
      },
    ],
    format: 'stl10-binary',
    classes: 10,
    picture: { height: 96, width: 96 },
    counts: { train: 5000, test: 8000, unlabelled: 100_000 },
    channelMean: [112.4, 109.1, 98.6],
    channelStd: [68.4, 66.6, 68.5],
  },
  {
    name: 'tiny-imagenet',
    title: 'Tiny ImageNet',
    homepage: 'http://cs231n.stanford.edu/',
    licence:
      'Not stated by the authors; the images come from ImageNet, whose terms allow non-commercial research and education.',
    citation: 'Y. Le, X. Yang. Tiny ImageNet Visual Recognition Challenge. CS 231N, Stanford University, 2015.',
    files: [
      { address: 'http://cs231n.stanford.edu/tiny-imagenet-200.zip', bytes: 248_100_043, md5: null, needed: true },
    ],
    format: 'tiny-imagenet',
    classes: 200,
    picture: { height: 64, width: 64 },
    counts: { train: 100_000, test: 10_000, unlabelled: 0 }, // the validation images are the test part
    channelMean: null,
    channelStd: null,
  },
  {
    name: 'svhn',
    title: 'SVHN, cropped digits',
    homepage: 'http://ufldl.stanford.edu/housenumbers/',
    licence: 'For non-commercial use only.',
    citation:
      'Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng. Reading Digits in Natural Images with Unsupervised Feature Learning. NIPS Workshop, 2011.',
    files: [
      {
        address: 'http://ufldl.stanford.edu/housenumbers/train_32x32.mat',
        bytes: 182_040_794,
        md5: 'e26dedcc434d2e4c54c9b2d4a06d8373',
        needed: true,
      },
      {
        address: 'http://ufldl.stanford.edu/housenumbers/test_32x32.mat',
        bytes: 64_275_384,
        md5: 'eb5a983be6a315427106f1b164d9cef3',
        needed: true,
      },
      {
        address: 'http://ufldl.stanford.edu/housenumbers/extra_32x32.mat',
        bytes: 1_329_278_602,
        md5: 'a93ce644f1a588dc4d68dda5feec44a7',
        needed: false,
      },
    ],
    format: 'svhn',
    classes: 10,
    picture: { height: 32, width: 32 },
    counts: { train: 73_257, test: 26_032, unlabelled: 0 }, // without the extra part
    channelMean: [111.7, 113.2, 120.6],
    channelStd: [44.7, 45.2, 44.5],
  },
  {
    name: 'fashion-mnist',
    title: 'Fashion-MNIST',
    homepage: 'https://github.com/zalandoresearch/fashion-mnist',
    licence: 'MIT',
    citation:
      'H. Xiao, K. Rasul, R. Vollgraf. Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms. arXiv 1708.07747, 2017.',
    files: [
      {
        address: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz',
        bytes: 26_421_880,
        md5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
        needed: true,
      },
      {
        address: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-labels-idx1-ubyte.gz',
        bytes: 29_515,
        md5: '25c81989df183df01b3e8a0aad5dffbe',
        needed: true,
      },
      {
        address: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-images-idx3-ubyte.gz',
        bytes: 4_422_102,
        md5: 'bef4ecab320f06d8554ea6380940ec79',
        needed: true,
      },
      {
        address: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-labels-idx1-ubyte.gz',
        bytes: 5148,
        md5: 'bb300cfdad3c16e7a12a480ee83cd310',
        needed: true,
      },
    ],
    format: 'idx',
    classes: 10,
    picture: { height: 28, width: 28 },
    counts: { train: 60_000, test: 10_000, unlabelled: 0 },
    channelMean: null,
    channelStd: null,
  },
]
