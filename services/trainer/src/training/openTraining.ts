import { Failure, jsdOf, type TrainingSpec } from '@imclr/contract'
import type { TrainingBatch } from '../input/feed.js'
import { lossTerms } from './loss/lossTerms.js'
import { assignStates, makeStep } from '../engine/makeStep.js'
import type { VariableState } from '../engine/makeStep.js'
import { trainingPass } from './trainingPass.js'
import { trainingStep } from './trainingStep.js'
import type { TrainingData } from '../input/openData.js'
import type { StepScalars } from './optimizer/stepScalars.js'
import type { LayersModel } from '../engine/tf.js'

/**
 * Which weights: those that are the model (averaged ones where the spec asks for them), or those that the steps move.
 */
type Weights = 'model' | 'raw'

export interface StepLosses {
  /** Mean cross-entropy of the labelled inputs. */
  loss: number
  /**
   * Of the unlabelled ones: their term of the loss before its weight, the same times its weight, and the share of the
   * inputs that count in it.
   */
  unlabelled?: { term: number; weighted: number; counted: number }
}

export interface Training {
  /** How steps run, after any fallback. */
  execution: 'graph' | 'eager'
  precision: TrainingSpec['precision']
  /** Of the network, frozen ones included, moving statistics not. */
  parameters: number
  /** Why a recorded step was asked for and an eager one runs. */
  fallbackReason: string | undefined
  /** Whose weights `withWeights` and `finish` set: normalised images to logits. */
  network: LayersModel
  /**
   * One step of the optimiser on a batch of the feed.
   * @returns the losses over the batch, before the step
   */
  run(
    batch: Pick<TrainingBatch, 'images' | 'labels'> & Partial<Pick<TrainingBatch, 'size' | 'views'>>,
    scalars: StepScalars,
  ): StepLosses
  /** Everything that a resumed training needs, kept weights included. */
  readState(): VariableState[]
  /** @throws RangeError when the state is of another network or optimiser */
  writeState(state: VariableState[]): void
  /** Gives the network its present weights while `use` runs. The steps after it go on unchanged. */
  withWeights<T>(which: Weights, use: () => Promise<T>): Promise<T>
  /** Remembers the present weights as the final ones, in place of any before. */
  keep(): void
  /** Gives the network its final weights: the kept ones, else the present ones. No step may follow. */
  finish(which: Weights): void
  dispose(): void
}

const keptPrefix = 'kept/'

export interface OpenTraining extends Pick<TrainingData, 'feed' | 'normalisation'> {
  /** With its first weights. */
  network: LayersModel
  /** Makes another network of the same form, whatever its weights. */
  cloneArchitecture: (seed: number) => LayersModel
}

/** The network, and the step that trains it. @throws Failure PRECISION_UNSUPPORTED */
export function openTraining(
  spec: TrainingSpec,
  { feed, normalisation, network: model, cloneArchitecture }: OpenTraining,
): Training {
  const { batchSize, views, inputSizes, classes } = feed
  const pass = trainingPass({ model, ...normalisation })
  const teacher = openTeacher(spec, cloneArchitecture)
  const terms = lossTerms({
    supervised: {
      pass,
      ...shapesOf(views * batchSize, inputSizes),
      classes,
      weighted: spec.sampling === 'class-weighted',
      jsd: jsdOf(spec.augment),
    },
    unlabelled: spec.semiSupervised &&
      feed.unlabelled && {
        method: spec.semiSupervised,
        teacher: teacher && trainingPass({ model: teacher, ...normalisation }),
        ...shapesOf(feed.unlabelled.batchSize, feed.unlabelled.inputSizes),
      },
  })
  const definition = trainingStep({ ...spec, model, teacher, terms })
  const step = makeStep(definition, { execution: spec.execution, precision: spec.precision })
  const { variables, weights, averages } = definition
  const own = variables.slice(weights.start, weights.start + weights.count)
  let kept: VariableState[] | null = null

  /** Weights, then averages where there are any: what a model is made of. */
  const present = () => {
    const state = step.readVariables()
    return [weights, averages].flatMap((part) => (part ? state.slice(part.start, part.start + part.count) : []))
  }
  const assign = (states: readonly VariableState[], which: Weights) =>
    assignStates(
      { variables: own },
      which === 'model' && averages ? states.slice(weights.count) : states.slice(0, weights.count),
    )

  return {
    execution: step.execution,
    precision: step.precision,
    fallbackReason: step.fallbackReason,
    parameters: model.weights
      .filter(({ originalName }) => !/\/(moving_mean|moving_variance|state)$/.test(originalName))
      .reduce((sum, { shape }) => sum + shape.reduce<number>((product, side) => product * side!, 1), 0),
    network: model,
    run({ images, labels, size, views: unlabelled = [] }, scalars) {
      const results = step.step({ images, labels, ...viewsOf(unlabelled), ...inputsOf(scalars) }, size)
      const [loss, term] = [results.supervised![0]!, results.unlabelled?.[0]]
      return term === undefined
        ? { loss }
        : { loss, unlabelled: { term, weighted: term * scalars.unlabelledWeight!, counted: results.counted?.[0] ?? 1 } }
    },
    readState: () => [
      ...step.readVariables(),
      ...(kept ?? []).map((state) => ({ ...state, name: keptPrefix + state.name })),
    ],
    writeState(state) {
      step.writeVariables(state.slice(0, variables.length))
      const rest = state.slice(variables.length)
      kept = rest.length === 0 ? null : rest.map((one) => ({ ...one, name: one.name.slice(keptPrefix.length) }))
    },
    async withWeights(which, use) {
      const states = present()
      assign(states, which)
      try {
        return await use()
      } finally {
        assign(states, 'raw') // an eager step's weights are the network's own
      }
    },
    keep() {
      kept = present()
    },
    finish(which) {
      kept ??= present()
      assign(kept, which)
    },
    dispose() {
      step.dispose()
      definition.dispose()
      teacher?.dispose()
      model.dispose()
    },
  }
}

/** The network of the averaged weights, where it takes part in training. */
function openTeacher(
  { semiSupervised, emaDecay, seed }: TrainingSpec,
  cloneArchitecture: (seed: number) => LayersModel,
): LayersModel | null {
  if (semiSupervised?.method !== 'mean-teacher') return null
  if (emaDecay === null)
    throw new Failure('BAD_INPUT', 'a mean teacher needs emaDecay: it is the running average of the weights')
  return cloneArchitecture(seed + teacherSeed)
}

/** Beyond every job's seed: the teacher's dropout has masks of its own. Its weights become the model's. */
const teacherSeed = 2 ** 31

/** Of a step's pictures, `[n, h, w, 3]`, in the order of their sizes. */
function shapesOf(n: number, sizes: readonly { height: number; width: number }[]) {
  const [shape, ...otherShapes] = sizes.map(({ height, width }) => [n, height, width, 3] as const)
  return { shape: shape!, otherShapes }
}

const viewsOf = (views: readonly Uint8Array[]) =>
  Object.fromEntries(views.map((view, index) => [`view${index + 1}`, view]))
const inputsOf = (scalars: StepScalars) =>
  Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, Float32Array.of(value)]))
