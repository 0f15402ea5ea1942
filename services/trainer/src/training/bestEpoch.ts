import type { EpochRecord } from '@imclr/contract'

/**
 * The epoch of the highest validation accuracy, among equals that of the lowest loss, then the first; null where none
 * was validated.
 */
export function bestEpoch(
  history: readonly EpochRecord[],
): (EpochRecord & Required<Pick<EpochRecord, 'validation'>>) | null {
  const validated = history.filter(
    (epoch): epoch is EpochRecord & Required<Pick<EpochRecord, 'validation'>> => epoch.validation !== undefined,
  )
  return validated.reduce<(typeof validated)[number] | null>(
    (best, epoch) => (best === null || isBetter(epoch.validation, best.validation) ? epoch : best),
    null,
  )
}

type Validation = NonNullable<EpochRecord['validation']>
const isBetter = (a: Validation, b: Validation) =>
  a.accuracy > b.accuracy || (a.accuracy === b.accuracy && a.loss < b.loss)

/** Whether the best epoch is so long ago that no better one is expected. */
export function patienceIsOver(history: readonly EpochRecord[], patience: number | null): boolean {
  const best = bestEpoch(history)
  return patience !== null && best !== null && history.length - best.epoch >= patience
}
