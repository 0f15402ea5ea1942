import {
  picturesPerInput,
  stackedUnlabelled,
  unlabelledParts,
  type TrainingSpec,
  type VersionSummary,
} from '@imclr/contract'

interface Refusal {
  /** Of `semiSupervised`. */
  field: string
  message: string
  fix: string
}

/** Why a data set or the rest of a spec cannot carry its learning from unlabelled images, and the nearest thing that would work. */
export function checkUnlabelled(spec: TrainingSpec, counts: VersionSummary['counts']): Refusal[] {
  const { semiSupervised, emaDecay } = spec
  if (semiSupervised === null) return []
  const refusals = checkSources(semiSupervised.from, unlabelledParts(spec, counts), counts)
  if (semiSupervised.method === 'mean-teacher' && emaDecay === null) {
    refusals.push({
      field: 'method',
      message: 'The teacher is the running average of the weights, and emaDecay is null',
      fix: 'Use emaDecay: 0.999',
    })
  }
  if (
    semiSupervised.method === 'pi-model' &&
    semiSupervised.batch === 'joint' &&
    stackedUnlabelled(spec) !== picturesPerInput(spec).trained
  ) {
    refusals.push({
      field: 'stackUnlabelled',
      message: 'The inputs of a joint batch have one size, and the unlabelled ones would not be stacked',
      fix: "Use stackUnlabelled: true, or batch: 'apart'",
    })
  }
  return refusals
}

/** Where labelled images are not the only ones named, one of the others must have images. */
function checkSources(
  from: NonNullable<TrainingSpec['semiSupervised']>['from'],
  parts: ReturnType<typeof unlabelledParts>,
  counts: VersionSummary['counts'],
): Refusal[] {
  const others = from.filter((source) => source !== 'labelled')
  if (others.length === 0 || others.some((source) => parts[source] > 0)) return []
  const says = {
    unlabelled: 'the data set has no unlabelled images',
    'left-over': `of ${counts.train} training images the label budget leaves none`,
  }
  const message = others.map((source) => says[source]).join(', and ')
  const fix =
    parts['left-over'] > 0
      ? `Use from: ['left-over'], the ${parts['left-over']} training images that the label budget leaves`
      : parts.unlabelled > 0
        ? `Use from: ['unlabelled'], the ${parts.unlabelled} images of the data set's own`
        : `Set trainImages below ${counts.train} and use from: ['left-over'], or add an unlabelled folder to the data set`
  return [{ field: 'from', message: message[0]!.toUpperCase() + message.slice(1), fix }]
}
