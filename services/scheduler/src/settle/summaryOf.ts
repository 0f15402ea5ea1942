import type { DatasetManifest } from '@imclr/contract'
import type { StoredVersionSummary } from '@imclr/database'

/** The part of a manifest that a version's row keeps. */
export function summaryOf(manifest: DatasetManifest): StoredVersionSummary {
  const {
    classes,
    picture,
    format,
    testWasGiven,
    removedDuplicateCount,
    nearDuplicateCount,
    skippedCount,
    notes,
    splits: { train, validation, test, unlabelled },
  } = manifest
  return {
    classes,
    picture,
    format,
    testWasGiven,
    removedDuplicateCount,
    nearDuplicateCount,
    skippedCount,
    notes,
    counts: { train: train.count, validation: validation.count, test: test.count, unlabelled: unlabelled.count },
    perClass: { train: train.perClass, validation: validation.perClass, test: test.perClass },
  }
}
