import type { DatasetManifest } from '@imclr/contract'
import type { StoredVersionSummary } from '@imclr/database'

/** What a version's row tells of its manifest. */
export function summaryOf(manifest: DatasetManifest): StoredVersionSummary {
  const { classes, picture, format, testWasGiven, removedDuplicateCount, nearDuplicateCount, skippedCount, splits: { train, test, unlabelled } } = manifest
  return {
    classes, picture, format, testWasGiven, removedDuplicateCount, nearDuplicateCount, skippedCount,
    counts: { train: train.count, test: test.count, unlabelled: unlabelled.count },
    perClass: { train: train.perClass, test: test.perClass },
  }
}
