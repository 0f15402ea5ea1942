import { report as reportSchema, type Report, type TrainJobFile, type TrainingPosition } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { describeEnvironment } from '../engine/environment.js'
import type { TrainingData } from '../input/openData.js'
import { bestEpoch } from '../training/bestEpoch.js'
import { assembleReport, describeDataset } from './assembleReport.js'
import type { Evaluation } from './measureModel.js'
import { referenceOf, type Reference } from './reference.js'

export interface TrainingReportParts {
  job: TrainJobFile
  data: Pick<TrainingData, 'dataset' | 'trainImages' | 'validation' | 'unlabelled'>
  evaluation: Evaluation
  networkTitle: string
  /** Number of parameters of the network, with the frozen ones. */
  parameters: number
  trained: TrainingPosition
  /** Clean metrics of the raw weights, if the model is an average of weights. */
  rawWeights: Report['rawWeights']
}

/** The report of a training: the measurements on the test split, and how the model was made. */
export function trainingReport({ evaluation, rawWeights, ...told }: TrainingReportParts): Report {
  return assembleReport({
    model: describeModel(told),
    dataset: describeDataset(told.data.dataset, told.data.dataset.classes),
    evaluation,
    rawWeights,
    training: describeTraining(told),
    environment: describeEnvironment(),
  })
}

/** Reads the measurements of the model that mCE and mFR compare with. Undefined if the job names none. */
export async function readReference(store: ObjectStore, { reference }: TrainJobFile): Promise<Reference | undefined> {
  if (!reference) return undefined
  const { dataset, corruption, perturbation } = reportSchema.parse(
    JSON.parse(Buffer.from(await store.read(reference.reportKey)).toString()),
  )
  return referenceOf(reference, { versionId: dataset.versionId, corruption, perturbation })
}

type Told = Omit<TrainingReportParts, 'evaluation' | 'rawWeights'>

function describeModel({ job: { name, spec }, networkTitle, parameters, trained, data }: Told): Report['model'] {
  const { mode, network, seed, precision, stacking } = spec
  return {
    name,
    mode,
    testInput: mode === 'imclr' ? stacking.testInput : 'single',
    network,
    networkTitle,
    parameters,
    epochsTrained: trained.history.length,
    trainImages: data.trainImages,
    seed,
    precision,
    endedEarly: trained.endedEarly,
  }
}

function describeTraining({
  job: { spec },
  trained: { history: epochs },
  data: { validation, unlabelled },
}: Told): Report['training'] {
  const best = bestEpoch(epochs)
  return {
    epochs,
    validation: best &&
      validation && {
        images: validation.split.count,
        source: validation.source,
        positionsSha256: validation.positionsSha256,
        epoch: best.epoch,
        ...best.validation,
      },
    unlabelled: unlabelled && {
      method: spec.semiSupervised!.method,
      images: unlabelled.images.count,
      sources: unlabelled.sources,
      positionsSha256: unlabelled.positionsSha256,
    },
  }
}
