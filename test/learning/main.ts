/** What models learn, against the same recipe in PyTorch. Hours on two cores. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { definitionOf, presets } from '@imclr/experiments'
import { trainingSpec } from '@imclr/contract'
import type { TrainingSpecInput } from '@imclr/contract'
import { demoArchive, lossesOf, openBench, readManifest } from '../trainer/jobs/harness.js'
import type { Bench } from '../trainer/jobs/harness.js'
import { readOptions } from '../support/commandLine.js'
import { haveFullTest, writeFullTestArchive } from './fashionMnist.js'
import { runReference } from './reference.js'
import type { Mode, Result } from './reference.js'
import { agree, paired, sample } from './statistics.js'

const piModel = definitionOf(presets['pi-model'], 'small')

const recipes: Record<string, { spec: TrainingSpecInput; seeds: number; archive: (bench: Bench) => Promise<string> }> =
  {
    demo: {
      spec: {
        network: 'resnet8',
        epochs: 150,
        batchSize: 64,
        learningRate: 0.1,
        weightDecay: 5e-4,
        augment: [{ op: 'crop', padding: 2 }, 'flip'],
        evaluation: { corruptionImages: 'none' },
      },
      seeds: 5,
      archive: async ({ folder }) => {
        if (!haveFullTest) return demoArchive
        const path = join(folder, 'fashion-mnist-full-test.zip')
        await writeFullTestArchive(demoArchive, path)
        return path
      },
    },
    cifar: {
      spec: { network: 'resnet20', epochs: 30, trainImages: 5000, evaluation: { corruptionImages: 'none' } },
      seeds: 3,
      archive: cifar10,
    },
    'pi-model': { spec: { ...piModel.arms[0]!.spec, trainImages: piModel.budgets[0]! }, seeds: 3, archive: cifar10 },
  }
const usage = `usage: npm run learning -- [options]

Trains with a recipe over several seeds and says what was learned; with PyTorch, the same there, and whether the two agree.

  --recipe <name>    demo: ResNet-8, 150 epochs of the demo's 500 images, tested on the official 10,000 where Debian's
                     dataset-fashion-mnist is installed (default); cifar: ResNet-20, 30 epochs of 5,000 CIFAR-10 images;
                     pi-model: the preset's small scale, on 1,000 labels of CIFAR-10
  --data <archive>   cifar-10-binary.tar.gz, for cifar and pi-model; other images do as well
  --labels <n>       in place of the recipe's
  --seeds <n>        seeds 1 to n (default: 5 for demo, else 3)
  --epochs <n>       in place of the recipe's
  --modes <list>     default: baseline,imclr
  --threads <n>      default: 2
  --json <file>      the results, with every epoch's loss
  --help             this text

IMCLR_BENCH_PYTHON names a Python with PyTorch; without it only our side runs. Ends with 1 when a mean is further from
PyTorch's than twice the combined standard error plus half a point.
`
const values = readOptions(usage, {
  recipe: { type: 'string', default: 'demo' },
  data: { type: 'string' },
  labels: { type: 'string' },
  seeds: { type: 'string' },
  epochs: { type: 'string' },
  modes: { type: 'string', default: 'baseline,imclr' },
  threads: { type: 'string', default: '2' },
  json: { type: 'string' },
})
const recipe = recipes[values.recipe]
if (!recipe) throw new Error(`there is no recipe ${values.recipe}: ${Object.keys(recipes).join(', ')}`)
const spec = trainingSpec.parse({
  ...recipe.spec,
  ...(values.epochs !== undefined && { epochs: Number(values.epochs) }),
  ...(values.labels !== undefined && { trainImages: Number(values.labels) }),
})
const modes = values.modes.split(',').map((mode) => trainingSpec.shape.mode.unwrap().parse(mode))
const seeds = Array.from({ length: Number(values.seeds ?? recipe.seeds) }, (_, i) => i + 1)
const python = process.env.IMCLR_BENCH_PYTHON
if (python && !(seeds.length > 1))
  throw new Error('--seeds: to compare with PyTorch at least 2 are needed, since the standard error is of several')

await using bench = await openBench()
const version = await bench.prepare(await recipe.archive(bench))
say(
  `${version.manifest.splits.train.count} training images, ${version.manifest.splits.test.count} test images, ${version.manifest.removedDuplicateCount} duplicates removed`,
)

const ours: Result[] = []
for (const seed of seeds) {
  for (const mode of modes) {
    const run = bench.train({
      job: `${mode}${seed}`,
      versionPrefix: version.versionPrefix,
      spec: { ...spec, mode, seed },
      env: { IMCLR_THREADS: values.threads },
    })
    const { exitCode, events, log } = await run.ended
    if (exitCode !== 0) throw new Error(`the trainer ended with ${exitCode}: ${JSON.stringify(events.at(-1))}\n${log}`)
    const { accuracy } = await readManifest(bench, run)
    ours.push({ mode, seed, accuracy, losses: lossesOf(events).map(({ loss }) => loss) })
    report('imclr  ', ours.at(-1)!)
  }
}

const theirs = python
  ? await runReference(bench, {
      python,
      spec,
      version,
      modes,
      seeds,
      threads: Number(values.threads),
      onResult: (result) => report('PyTorch', result),
    })
  : []

say('')
const accuracies = (results: Result[], mode: Mode) =>
  results.filter((result) => result.mode === mode).map(({ accuracy }) => 100 * accuracy)
let good = true
for (const mode of modes) {
  const own = sample(accuracies(ours, mode))
  say(`${mode}: ${own.mean.toFixed(2)} % (standard error ${own.error.toFixed(2)}, ${own.values.length} seeds)`)
  if (theirs.length === 0) continue
  const reference = sample(accuracies(theirs, mode))
  const { difference, allowed, ok } = agree(own, reference, 0.5)
  good &&= ok
  say(
    `  PyTorch ${reference.mean.toFixed(2)} % (${reference.error.toFixed(2)}); difference ${difference.toFixed(2)}, allowed ${allowed.toFixed(2)}: ${ok ? 'agrees' : 'DIFFERS'}`,
  )
}
for (const [name, results] of [
  ['ours', ours],
  ['PyTorch', theirs],
] as const) {
  if (results.length === 0 || modes.length < 2) continue
  const { mean, low, high } = paired(accuracies(results, 'imclr'), accuracies(results, 'baseline'))
  say(
    `imclr minus baseline, ${name}: ${mean.toFixed(2)} points, 95 % interval ${low.toFixed(2)} to ${high.toFixed(2)} (paired by seed)`,
  )
}
if (values.json) await writeFile(values.json, JSON.stringify({ recipe: values.recipe, spec, ours, theirs }, null, 1))
process.exitCode = good ? 0 : 1

async function cifar10(): Promise<string> {
  if (!values.data) throw new Error('--data must name cifar-10-binary.tar.gz')
  return values.data
}

function report(side: string, { mode, seed, accuracy, losses }: Result): void {
  say(
    `${side} ${mode.padEnd(8)} seed ${seed}: ${(100 * accuracy).toFixed(2)} %, last loss ${losses.at(-1)?.toFixed(4)}`,
  )
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
