import {
  fitSpec,
  planRuns,
  presetNames,
  scales,
  type ExperimentDefinition,
  type Issue,
  type NetworkName,
  type PlannedRun,
  type PresetName,
  type VersionSummary,
} from '@imclr/contract'
import { definitionOf, presets } from '@imclr/experiments'
import { checkSpec } from '../job/checkSpec.js'
import { builtInNetwork, type TrainedNetwork } from '../job/submitTraining.js'

export type ExperimentData = Pick<VersionSummary, 'classes' | 'picture' | 'counts' | 'perClass'>

/** A run with the network that it trains. */
export type RunWithNetwork = PlannedRun & { network: TrainedNetwork }

export interface ExperimentContext {
  /** The preset that was asked for: another of its scales may work. @default null */
  preset?: PresetName | null
  /** The runs of the definition. @default planned from it, with built-in networks */
  runs?: readonly RunWithNetwork[]
}

/**
 * Says, before any run is submitted, why a data set does not suit an experiment, and the nearest thing that would work.
 * Gives nothing where it does.
 */
export function checkExperiment(
  definition: ExperimentDefinition,
  data: ExperimentData,
  { preset = null, runs = withBuiltInNetworks(definition) }: ExperimentContext = {},
): Issue[] {
  const own =
    data.counts.train === 0
      ? []
      : [
          ...checkPictures(definition, data),
          ...checkLabels(definition, { data, preset }),
          ...checkOthers(definition, data),
        ]
  if (own.length === 0) return checkRuns(runs, data)
  const carried =
    preset === null
      ? []
      : scales.filter((scale) => checkExperiment(definitionOf(presets[preset], scale), data).length === 0)
  return carried.length === 0
    ? own
    : own.map((one) => ({ ...one, fix: `${one.fix}, or take ${preset} as it is at scale ${carried.join(' or ')}` }))
}

const issue = (path: string, message: string, fix: string): Issue => ({ path, code: 'does_not_fit', message, fix })

function checkPictures(
  { name, requires: { minSide, maxSide } }: ExperimentDefinition,
  { picture: { height, width } }: ExperimentData,
): Issue[] {
  const has = `these have ${width} x ${height}`
  if (Math.min(height, width) < minSide) {
    const others = presetNames.filter((preset) => (presets[preset].requires.minSide ?? 8) <= Math.min(height, width))
    return [
      issue(
        'versionId',
        `${name} is for images of at least ${minSide} pixels a side; ${has}`,
        `Prepare the data set with imageSize: ${minSide}, or run a preset for smaller images: ${others.join(', ')}`,
      ),
    ]
  }
  if (Math.max(height, width) > maxSide)
    return [
      issue(
        'versionId',
        `${name} is for images of at most ${maxSide} pixels a side; ${has}`,
        `Prepare the data set with imageSize: ${maxSide}`,
      ),
    ]
  return []
}

function checkLabels(
  { name, budgets, requires: { labelsPerClass } }: ExperimentDefinition,
  { data: { classes, counts, perClass }, preset }: { data: ExperimentData; preset: PresetName | null },
): Issue[] {
  const smallest = Math.min(...perClass.train)
  if (smallest < labelsPerClass) {
    const which = classes[perClass.train.indexOf(smallest)]
    const others =
      preset === null
        ? []
        : presetNames.filter((one) => (presets[one].requires.labelsPerClass ?? labelsPerClass) <= smallest)
    const fix = `Add ${labelsPerClass - smallest} of '${which}', or leave the class out${others.length > 0 ? `, or run a preset that needs fewer: ${others.join(', ')}` : ''}`
    return [
      issue(
        'versionId',
        `${name} needs ${labelsPerClass} training images of every class; '${which}' has ${smallest}`,
        fix,
      ),
    ]
  }
  const least = classes.length * labelsPerClass
  const fits = (budget: number | null): boolean => budget === null || (budget >= least && budget <= counts.train)
  if (budgets.every(fits)) return []
  const named = budgets.filter((budget): budget is number => !fits(budget))
  const large = named.filter((budget) => budget > counts.train)
  const small = named.filter((budget) => budget < least)
  const nearest = [
    ...new Set([
      ...budgets.filter(fits),
      ...(small.length > 0 ? [least] : []),
      ...(large.length > 0 && !budgets.includes(null) ? [counts.train] : []),
    ]),
  ].sort((a, b) => (a ?? Infinity) - (b ?? Infinity))
  const fix = `The nearest that works: budgets [${nearest.map((budget) => budget ?? 'null').join(', ')}]`
  return [
    ...(large.length > 0
      ? [
          issue(
            'budgets',
            `${name} asks for ${large.join(', ')} labels; the data set has ${counts.train} training images`,
            fix,
          ),
        ]
      : []),
    ...(small.length > 0
      ? [
          issue(
            'budgets',
            `${name} needs ${labelsPerClass} labels per class, ${least} for ${classes.length} classes; ${small.join(', ')} ${small.length > 1 ? 'are' : 'is'} too few`,
            fix,
          ),
        ]
      : []),
  ]
}

/** Training images outside a budget count as unlabelled ones too: their labels are not read. */
function checkOthers(
  { name, budgets, requires: { unlabelledImages, testImages, labelsPerClass } }: ExperimentDefinition,
  { classes, counts }: ExperimentData,
): Issue[] {
  const issues: Issue[] = []
  for (const budget of budgets) {
    const unlabelled = counts.unlabelled + Math.max(0, counts.train - (budget ?? counts.train))
    if (unlabelled >= unlabelledImages) continue
    const most = counts.unlabelled + counts.train - unlabelledImages
    const fix =
      most >= classes.length * labelsPerClass
        ? `Use a budget of at most ${most}, or upload more images under unlabelled/`
        : 'Upload more images under unlabelled/, or run label-budget, which needs none'
    issues.push(
      issue(
        'budgets',
        `${name} needs ${unlabelledImages} images without labels; with ${budget === null ? 'all labels' : `${budget} labels`} used there are ${unlabelled}`,
        fix,
      ),
    )
  }
  if (counts.test < testImages)
    issues.push(
      issue(
        'versionId',
        `${name} needs ${testImages} test images to tell its arms apart; there are ${counts.test}`,
        'Give more test images, or prepare the data set with a larger testFraction',
      ),
    )
  return issues
}

const withBuiltInNetworks = (definition: ExperimentDefinition): RunWithNetwork[] =>
  planRuns(definition).map((run) => ({ ...run, network: builtInNetwork(run.spec.network as NetworkName) }))

/** Finds what any training would be refused for, once per arm, and arms that are the same training on these data. */
function checkRuns(runs: readonly RunWithNetwork[], data: ExperimentData): Issue[] {
  const found = new Map<string, Issue>()
  const trainings = new Map<string, string>()
  for (const { arm, budget, spec, network } of runs) {
    const fitted = fitSpec(spec, data.counts.train)
    for (const one of checkSpec(fitted, data, { network, reference: null }))
      found.set(`${arm} ${one.path} ${one.message}`, { ...one, path: `arms.${arm}.${one.path}` })
    const key = JSON.stringify(fitted)
    const twin = trainings.get(key)
    trainings.set(key, arm)
    if (twin === undefined || found.has(`${twin} ${arm}`)) continue
    found.set(
      `${twin} ${arm}`,
      issue(
        'budgets',
        `With ${budget ?? data.counts.train} labels ${twin} and ${arm} are the same training: a batch has no more images than there are`,
        `Use at least ${spec.batchSize} labels, or change batchSize`,
      ),
    )
  }
  return [...found.values()]
}
