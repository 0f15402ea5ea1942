import { corruptionKinds, corruptionNames, severities } from '@imclr/contract'
import { prepareCorruption, type JpegRoundTrip } from '../image/corruption/prepareCorruption.js'
import { corruptions, tableFor } from '../image/corruption/table.js'
import type { GridCell } from './corruptionGrid.js'
import { chunks, gather, imageBytes, type TestSplit } from './testSplit.js'
import type { PictureCache } from './pictureCache.js'

export interface GeneratedCellsOptions {
  test: TestSplit
  /** Positions of the images, ascending. */
  rows: Uint32Array
  seed: number
  jpeg: JpegRoundTrip
  cache: PictureCache
}

/** Every corruption at every severity of some test images. The pictures come from the cache, or are made here. */
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
          let apply: ReturnType<typeof prepareCorruption> | undefined // stays undefined if the cache has every picture
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

/** Number of bytes in all corrupted pictures of `images` images. */
export const generatedBytes = (test: TestSplit, images: number): number =>
  corruptionNames.length * severities.length * images * imageBytes(test)
