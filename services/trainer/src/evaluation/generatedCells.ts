import { corruptionKinds, corruptionNames, severities } from '@imclr/contract'
import { prepareCorruption, type JpegRoundTrip } from '../image/corruption/prepareCorruption.js'
import { corruptions, tableFor } from '../image/corruption/table.js'
import type { GridCell } from './corruptionGrid.js'
import { chunks, gather, imageBytes, type TestSplit } from './testSplit.js'
import type { PictureCache } from './pictureCache.js'

export interface GeneratedCellsOptions {
  test: TestSplit
  /** Which images, ascending. */
  rows: Uint32Array
  seed: number
  jpeg: JpegRoundTrip
  cache: PictureCache
}

/** Every corruption at every severity of some test images, made here or found in the cache. */
export function generatedCells({ test, rows, seed, jpeg, cache }: GeneratedCellsOptions): GridCell[] {
  const { height, width } = test
  const table = tableFor(height, width)
  return corruptionNames.flatMap((name) =>
    severities.map((severity): GridCell => {
      const { group, benchmark } = corruptionKinds[name]
      const { parameters } = corruptions[name]
      return {
        corruption: name,
        group,
        benchmark,
        severity,
        parameters: parameters(table, severity),
        async *pictures() {
          let apply: ReturnType<typeof prepareCorruption> | undefined // not where all is in the cache
          for (const { first, size } of chunks(rows.length, imageBytes(test))) {
            const indices = rows.subarray(first, first + size)
            yield await cache.pictures(`${name}-${severity}-${first}`, () => {
              apply ??= prepareCorruption({ height, width, name, severity, seed, table, jpeg })
              return apply({ images: gather(test, indices), count: size, indices })
            })
          }
        },
      }
    }),
  )
}

/** Bytes of all their pictures. */
export const generatedBytes = (test: TestSplit, images: number): number =>
  corruptionNames.length * severities.length * images * imageBytes(test)
